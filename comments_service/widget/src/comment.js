// Draws one comment.

import { button, h } from './dom.js'
import { ago, exactly } from './time.js'
import { drawBody, link } from './tree.js'

/** `own` is the note and the buttons of the reader's own comment, `answers` the comment it answers when its place does not say. */
export function drawComment(comment, thread, own = {}, answers) {
  const { id, name, website, role, created_at: written, edited_at: edited } = comment
  const { say, lang, form } = thread
  const { isPending, note, buttons = [] } = own
  const words = { 'aria-label': say('reply_to', { name }) }
  return h('article', { part: 'comment', tabindex: -1, class: note && 'own', 'aria-labelledby': `by-${id}` },
    h('header', null,
      h('b', { id: `by-${id}` }, website ? link(website, name) : name),
      role && h('span', { class: 'badge' }, say(role)),
      h('a', { href: addressOf(id), class: 'quiet' },
        h('time', { datetime: written, title: exactly(written, lang) }, ago(written, lang))),
      edited && h('span', { class: 'quiet', title: exactly(edited, lang) }, say('edited')),
      answers && h('a', { href: addressOf(answers.id), class: 'quiet' }, say('in_reply_to', answers))),
    drawBody(comment.body),
    note && h('p', { class: 'quiet' }, note),
    h('footer', { class: 'row' },
      form && !isPending && button(say('reply'), () => form.answer(id), 'plain reply', words), ...buttons))
}

/** The address of a comment on this page, whatever a `<base>` says. */
const addressOf = (id) => `${location.href.split('#')[0]}#comment-${id}`
