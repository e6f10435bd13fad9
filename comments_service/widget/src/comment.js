// Draws one comment.

import { button, h } from './dom.js'
import { ago } from './time.js'
import { drawBody, link } from './tree.js'

/** `own` is the note and the buttons of the reader's own comment, `answers` the comment it answers when its place does not say. */
export function drawComment(comment, { say, lang, form, refusal }, own, answers) {
  const { id, name, created_at: datetime } = comment
  const time = new Date(datetime)
  const title = time.toLocaleString(lang, { dateStyle: 'full', timeStyle: 'short' })
  const label = `by-${id}`
  return h('article', { part: 'comment', tabindex: -1, class: own?.note && 'own', 'aria-labelledby': label },
    h('header', null,
      h('b', { id: label }, comment.website ? link(comment.website, name) : name),
      comment.role && h('span', { class: 'badge' }, say(comment.role)),
      address(id, h('time', { datetime, title }, ago(time, lang))),
      comment.edited_at && h('span', { class: 'quiet' }, say('edited')),
      answers && address(answers.id, say('in_reply_to', answers))),
    drawBody(comment.body),
    own?.note && h('p', { class: 'quiet' }, own.note),
    h('footer', { class: 'row' },
      !refusal && !own?.note && button(say('reply'), () => form.stand(id), 'plain', { 'aria-label': say('reply_to', { name }) }),
      ...(own?.buttons || [])))
}

/** A link to a comment on this page, whatever a `<base>` says. */
const address = (id, words) => h('a', { class: 'quiet', href: new URL(`#comment-${id}`, location) }, words)
