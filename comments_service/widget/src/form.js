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
  let isSending
  let doubted

  // Where nothing can be added, it says so, and the form is there to change what one wrote oneself.
  const home = h('section', { tabindex: -1 }, refusal && h('p', null, refusal))
  const heading = h('h2', { id: 'form' })
  const alert = h('p', { class: 'error', role: 'alert' })
  const preview = h('div', { class: 'preview', role: 'status' })
  const post = button('', null, 'main', { type: 'submit' })
  const cancel = button(say('cancel'), leave)
  const forget = ({ target }) => target.checked || person.write({ person: null })
  const remember = drawBox({ name: 'remember', label: say('remember') }, forget)
  const element = h('form',
    { part: 'form', novalidate: true, 'aria-labelledby': 'form', submit, input: typed, focusin: askToken, keydown },
    heading,
    h('p', { class: 'quiet' }, say('notice')),
    h('div', { class: 'fields' }, ...fields.map((field) => field.element)),
    remember,
    ...specs.map((spec) => OTHERS[spec.type]?.(spec)),
    preview,
    alert,
    h('p', { class: 'row' }, post, button(say('preview'), showPreview), cancel),
  )

  const values = () => Object.fromEntries(new FormData(element))

  function fill(known) {
    for (const field of fields) field.set(known?.[field.name] || (field !== body && field.input.value) || '')
  }

  function warn(message) {
    alert.textContent = message
    thread.send('error', { message })
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
    draft = openStore([site, page, entry ? 'edit' : 'draft', parent].join(':'))
    heading.textContent = say(entry ? 'edit' : above ? 'reply_to' : 'title', above?.comment)
    element.className = entry ? 'brief' : ''
    cancel.hidden = !above
    element.hidden = !above && refusal
    preview.textContent = alert.textContent = ''
    fill({ body: entry?.body_source, ...draft.read().values })
    busy(false)
  }

  function stand(id, entry) {
    turn(id, entry)
    memory.write({ answering: entry ? null : id })
    // Where the form is not to be seen, the words in its place are.
    ;(element.hidden ? home : body.input).focus()
  }

  function leave() {
    const from = thread.list.get(parent).article
    stand(null)
    from.querySelector('button').focus()
  }

  function typed() {
    // Without a text nothing is to be kept, a name and an address least of all.
    draft.write({ values: body.input.value && values() })
    preview.textContent = ''
  }

  function keydown(event) {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event)
  }

  /** The token says when writing began, so it is asked for then. */
  function askToken() {
    token ||= ask(`${path}token?${new URLSearchParams({ page })}`).then(
      ({ data }) => data.token,
      () => (token = null),
    )
  }

  async function submit(event) {
    event.preventDefault()
    const asked = edited ? [body] : fields
    if (isSending || complain(asked.map((field) => ({ field: field.name, message: field.problem() })))) return
    alert.textContent = ''
    busy(true)
    try {
      askToken()
      const content = { page, title: thread.title, parent, ...values(), email_as_typed: doubted }
      const { own } = thread
      const answer = await (edited ? own.change(edited, content.body) : sendComment(`${path}comments?lang=${lang}`, draft, content, token))
      ;(answer.ok ? accept : refuse)(answer)
    } catch {
      stay()
    }
    busy(false)
  }

  function busy(is) {
    isSending = body.input.readOnly = is
    post.ariaDisabled = is
    post.firstChild.textContent = say(is ? 'sending' : edited ? 'save' : 'post')
  }

  /** Say at every field what is wrong with it and go to the first; gives whether there is one. */
  function complain(errors) {
    let first
    for (const field of fields) {
      const { message, suggestion } = errors.find((error) => error.field === field.name) || {}
      field.complain(message, suggestion)
      if (message) first ||= field.input
    }
    first?.focus()
    return first
  }

  function accept({ data }) {
    const { comment, status } = data
    const { own, list, tell, send } = thread
    own.keep(data, body.input.value, edited)
    draft.write({ values: null, sent: null })
    memory.write({ answering: null })
    if (remember.firstChild.checked) person.write({ person: { ...values(), body: '' } })
    tell(say(edited ? 'saved' : `thanks_${status}`))
    token = doubted = null
    turn()
    list.visit(comment.id)
    send('posted', { id: comment.id, status })
  }

  function refuse({ data }) {
    const { errors = [] } = data
    doubted = errors.find((error) => error.code === 'unlikely-email') && values().email
    if (!complain(errors)) warn(data.detail || say('unsent'))
  }

  /** Nothing came back: the text is kept, and without a network it goes out when there is one again. */
  function stay() {
    const isOffline = !navigator.onLine
    warn(say(isOffline ? 'offline' : 'unsent'))
    if (isOffline) addEventListener('online', submit, { once: true, signal: thread.signal })
  }

  async function showPreview() {
    try {
      const { data } = await ask(`${path}preview`, 'POST', { body: body.input.value })
      preview.replaceChildren(data.body ? drawBody(data.body) : complaint(data))
    } catch {
      warn(say('unsent'))
    }
  }

  /** Give the reader a text to go on with, unless there is one. */
  function offer(text) {
    stand()
    if (!body.input.value) body.set(text)
    typed()
  }

  const known = person.read().person
  remember.firstChild.checked = known
  fill(known)
  return { home, stand, offer, restore: () => turn(!refusal && memory.read().answering) }
}
