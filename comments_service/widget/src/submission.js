// Sends a comment so that it arrives once.

import { ask } from './api.js'

const REPEATS = 2

/**
 * Send `content`, the fields of the comment. The same words go out as the very same request, key and all, even after a
 * reload: whatever the service has seen of it already, it stays one comment.
 */
export async function sendComment(path, drafts, content, token) {
  const words = JSON.stringify(content)
  let { sent } = drafts.of(content.parent)
  if (sent?.words !== words) {
    sent = { words, token: await token, key: crypto.getRandomValues(new Uint32Array(4)).join('-') }
    drafts.change(content.parent, { sent })
  }
  const headers = { 'Idempotency-Key': sent.key }
  return ask(`${path}comments`, { method: 'POST', body: { ...content, token: sent.token }, headers, repeats: REPEATS })
}
