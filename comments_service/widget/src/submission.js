// Sends a comment so that it arrives once.

import { SERVICE, ask } from './api.js'

const REPEATS = 2

/**
 * Send `content`, the fields of the comment whose `draft` is kept, to `path` with the `query`. The same words go out as the very same
 * request, key and all, even after a reload: whatever the service has seen of it already, it stays one comment. What is `known` of her,
 * receipts of earlier ones, goes with it and is none of the words.
 */
export async function sendComment(path, query, draft, content, token, known) {
  const words = JSON.stringify(content)
  let { sent } = draft()
  if (sent?.words !== words) {
    sent = { words, token: await token, key: crypto.getRandomValues(new Uint32Array(4)).join('-') }
    draft({ sent })
  }
  const post = (pow) => ask(path, query, 'POST', { ...content, token: sent.token, pow, known }, { 'Idempotency-Key': sent.key }, REPEATS)
  const answer = await post()
  // In a flood everybody is asked for some work first.
  return answer.challenge ? import(`${SERVICE}pow.js`).then((solver) => solver.default(answer, post), () => answer) : answer
}
