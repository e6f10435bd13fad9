// Draws one comment.

import { button, h } from './dom.js'
import { ago } from './time.js'
import { drawBody, link } from './tree.js'

/** `note` and `buttons` are for the reader's own comment, `answers` is the comment it answers when its place does not say. */
export function drawComment(comment, { say, lang, form, refusal, pinned }, { note, buttons } = {}, answers) {
  const { id, name, created_at: datetime } = comment
  const time = new Date(datetime)
  const title = time.toLocaleString(lang, { dateStyle: 'full', timeStyle: 'short' })
  const badge = (key) => key && h('span', { class: 'badge' }, say(key))
  return h('article', { part: 'comment', class: note && 'own', 'aria-label': name },
    h('header', null,
      h('b', null, comment.website ? link(comment.website, name) : name),
      badge(comment.role),
      badge(id === pinned && 'pinned'),
      address(id, h('time', { datetime, title }, ago(time, lang))),
      comment.edited_at && h('span', { class: 'quiet' }, say('edited')),
      answers && address(answers.id, say('in_reply_to', answers))),
    drawBody(comment.body),
    note && h('p', { class: 'quiet' }, note),
    h('footer', { class: 'row' },
      !refusal && !note && button(say('reply'), () => form.stand(id), 'plain', { 'aria-label': say('reply_to', { name }) }),
      buttons))
}

/** A link to a comment on this page, whatever a `<base>` says. */
const address = (id, words) => h('a', { class: 'quiet', href: new URL(`#comment-${id}`, location) }, words)
