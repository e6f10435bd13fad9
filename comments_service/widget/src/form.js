// The form: one for the whole thread, it moves below the comment that is answered.

import { ask, complaint } from './api.js'
import { button, h } from './dom.js'
import { drawBox, drawField, drawTrap } from './field.js'
import { openStore } from './store.js'
import { sendComment } from './submission.js'
import { drawBody } from './tree.js'

const OTHERS = { honeypot: drawTrap, checkbox: drawBox }

/** Draw the form of the fields `specs`; gives where it stands by itself and what can be asked of it. */
export function drawForm(thread, specs) {
  const { say, path, page, site, memory, lang, refusal } = thread
  const person = openStore(site)
  const fields = specs.filter(({ type }) => !OTHERS[type]).map((spec) => drawField(spec, say))
  const body = fields[0]

  let parent
  let edited
  let draft
  let token
  let doubted
  let known

  // Where nothing can be added, it says so, and the form is there to change what one wrote oneself.
  const home = h('section', { tabindex: -1 }, refusal && h('p', null, refusal))
  const heading = h(thread.heading, { id: 'form', class: 'title' })
  const alert = h('p', { class: 'error', role: 'alert' })
  const preview = h('div', { class: 'preview', role: 'status' })
  const post = button('', null, 'main', { type: 'submit' })
  const cancel = button(say('cancel'), leave)
  const forget = ({ target }) => target.checked || person({ person: null })
  const remember = drawBox({ name: 'remember', label: say('remember') }, forget)
  const element = h('form',
    { part: 'form', novalidate: true, 'aria-labelledby': 'form', submit, input: typed, focusin: askToken, keydown },
    h('div', null, heading, h('p', { class: 'quiet' }, say('notice'))),
    h('div', { class: 'fields' }, fields.map((field) => field.element)),
    remember,
    specs.map((spec) => OTHERS[spec.type]?.(spec)),
    preview,
    alert,
    h('p', { class: 'row' }, post, button(say('preview'), showPreview), cancel),
  )

  const values = () => Object.fromEntries(new FormData(element))

  function fill(known) {
    for (const field of fields) {
      field.value = known?.[field.name] || (field !== body && field.value) || ''
      field.complain()
    }
  }

  /**
   * Stand below the comment `id`, or where the form stands by itself, with what was typed there: to answer that comment,
   * or to change it when it is the reader's own `entry`.
   */
  function turn(id, entry) {
    const above = thread.list.get(id)
    if (above) above.article.after(element)
    else home.append(element)
    parent = above && id
    edited = entry
    // By the name of what it answers even when that is gone: half an answer is half a comment by then, and not lost.
    draft = openStore(site, page, entry ? 'edit' : 'draft', id)
    heading.textContent = say(entry ? 'edit' : above ? 'reply_to' : 'title', above?.comment)
    element.className = entry ? 'brief' : ''
    cancel.hidden = !above
    element.hidden = !above && refusal
    settle()
    fill({ body: entry?.body_source, ...draft().values })
    busy(false)
  }

  function stand(id, entry) {
    // What is being sent stays where it is.
    if (body.readOnly) return
    turn(id, entry)
    memory({ answering: entry ? null : id })
    // Where the form is not to be seen, the words in its place are.
    ;(element.hidden ? home : body).focus()
  }

  function leave() {
    const from = thread.list.get(parent)
    stand()
    from?.article.querySelector('button')?.focus()
  }

  function typed() {
    // Without a text nothing is to be kept, a name and an address least of all.
    draft({ values: body.value && values() })
    settle()
  }

  /** What was said of the text before it was changed is past, and nothing goes out by itself. */
  function settle() {
    preview.textContent = alert.textContent = ''
    removeEventListener('online', submit)
  }

  function keydown(event) {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event)
  }

  /** The token says when writing began, so it is asked for then. */
  function askToken() {
    return (token ||= ask(`${path}token`, { page }).then((answer) => (token = answer.token)))
  }

  async function submit(event) {
    event.preventDefault()
    const isWrong = (field) => (field === body || !edited) && field.problem()
    if (body.readOnly || complain(isWrong)) return
    alert.textContent = ''
    busy(true)
    const content = { page, title: thread.title, parent, ...values(), email_as_typed: doubted }
    const answer = await (edited
      ? thread.own.change(edited, content.body)
      : sendComment(`${path}comments`, { lang }, draft, content, askToken(), known))
    busy(false)
    ;(answer.comment ? accept : refuse)(answer)
  }

  function busy(is) {
    body.readOnly = post.ariaDisabled = is
    post.firstChild.textContent = say(is ? 'sending' : edited ? 'save' : 'post')
  }

  /** Say at every field what `find` finds wrong with it and go to the first; gives whether there is one. */
  function complain(find) {
    const wrong = fields.filter((field) => field.complain(find(field)))
    wrong[0]?.focus()
    return wrong[0]
  }

  function accept(answer) {
    const { comment, status, receipt } = answer
    const { own, list, tell, send } = thread
    thread.grow((status === 'approved') - (edited?.status === 'approved'))
    own.follow(edited, { ...answer, body_source: body.value })
    draft({ values: null, sent: null })
    // The newest receipts prove to the service that it is she who writes again; a change brings none.
    if (receipt) known = [receipt, known].join(' ').slice(0, 500)
    if (remember.firstChild.checked) person({ person: { ...values(), body: '', known } })
    tell(say(edited ? 'saved' : `thanks_${status}`))
    token = null
    stand()
    list.visit(comment.id)
    send('posted', { id: comment.id, status })
  }

  /** The text is kept. Where nothing came back for want of a network, it goes out when there is one again. */
  function refuse(answer) {
    const { errors } = answer
    // Whatever is wrong with the address was said by now: sent again, it is meant.
    doubted = errors && values().email
    if (complain(({ name }) => errors?.find((error) => error.field === name))) return
    const isOffline = !navigator.onLine
    const message = isOffline ? say('offline') : complaint(answer, say)
    alert.textContent = message
    thread.send('error', { message })
    if (isOffline) addEventListener('online', submit, { once: true, signal: thread.signal })
  }

  async function showPreview() {
    const answer = await ask(`${path}preview`, {}, 'POST', { body: body.value })
    preview.replaceChildren(answer.body ? drawBody(answer.body) : complaint(answer, say))
  }

  /** Give the reader a text to go on with, unless there is one. */
  function offer(text) {
    stand()
    fill({ body: body.value || text })
    typed()
  }

  const kept = person().person
  remember.firstChild.checked = kept
  known = kept?.known
  fill(kept)
  return { home, stand, offer, turn }
}
