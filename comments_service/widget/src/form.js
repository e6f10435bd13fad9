// The form: one for the whole thread, it moves below the comment that is answered.

import { ask } from './api.js'
import { button, h } from './dom.js'
import { keepDrafts } from './drafts.js'
import { drawBox, drawField, drawTrap } from './field.js'
import { openStore } from './store.js'
import { sendComment } from './submission.js'
import { lasting } from './time.js'
import { drawBody } from './tree.js'

const OTHERS = { honeypot: drawTrap, checkbox: drawBox }

export function drawForm(thread, specs) {
  const { say, path, page, title, signal, lang } = thread
  const drafts = keepDrafts(thread.memory)
  const person = openStore(thread.site)
  const fields = specs.filter(({ type }) => !OTHERS[type]).map((spec) => drawField(spec, say))
  const body = fields[0]

  let parent = null
  let token = null
  let isSending = false
  let doubted

  const home = h('section')
  const heading = h('h2', { id: 'form' })
  const alert = h('p', { class: 'error', role: 'alert' })
  const preview = h('div', { class: 'preview', role: 'status' })
  const post = button(say('post'), null, 'main', { type: 'submit' })
  const cancel = button(say('cancel'), leave)
  const forget = ({ target }) => target.checked || person.write({ person: null })
  const remember = drawBox({ name: 'remember', label: say('remember') }, forget)
  const element = h('form', {
    part: 'form',
    novalidate: '',
    'aria-labelledby': 'form',
    submit: (event) => {
      event.preventDefault()
      submit()
    },
    input: typed,
    focusin: askToken,
    keydown: (event) => event.key === 'Enter' && (event.ctrlKey || event.metaKey) && submit(),
  },
    heading,
    h('p', { class: 'quiet' }, say('notice')),
    h('div', { class: 'fields' }, ...fields.map((field) => field.element)),
    remember,
    ...specs.map((spec) => OTHERS[spec.type]?.(spec)),
    preview,
    alert,
    h('p', { class: 'row' }, post, button(say('preview'), showPreview), cancel),
  )

  const values = () => Object.fromEntries(fields.map(({ name, input }) => [name, input.value]))

  function fill(known) {
    for (const { name, set } of fields) if (known[name]) set(known[name])
  }

  /** Stand below the comment `id`, or where the form stands by itself, with what was typed there. */
  function turn(id) {
    const comment = thread.list.answer(id, element)
    if (!comment) home.append(element)
    parent = comment ? id : null
    heading.textContent = comment ? say('reply_to', comment) : say('title')
    cancel.hidden = !comment
    preview.replaceChildren()
    alert.textContent = ''
    body.set('')
    fill(drafts.of(parent).values || {})
  }

  function answer(id) {
    turn(id)
    drafts.answer(id)
    body.input.focus()
  }

  function leave() {
    const from = parent
    answer(null)
    thread.list.part(from, '.reply').focus()
  }

  function typed() {
    drafts.change(parent, { values: values() })
    preview.replaceChildren()
  }

  /** The token says when writing began, so it is asked for then. */
  function askToken() {
    token ||= ask(`${path}token?${new URLSearchParams({ page })}`).then(
      ({ data }) => data.token,
      () => (token = null),
    )
  }

  async function submit() {
    if (isSending || complain(fields.map((field) => ({ field: field.name, message: field.problem() })))) return
    busy(true)
    try {
      askToken()
      const reply = await sendComment(path, drafts, content(), token)
      busy(false)
      if (reply.ok) accepted(reply.data)
      else refused(reply)
    } catch {
      busy(false)
      unsent()
    }
  }

  function content() {
    const all = { page, title, parent, ...values() }
    for (const { name, type } of specs) {
      const input = element.elements[name]
      if (OTHERS[type]) all[name] = type === 'checkbox' ? input.checked : input.value
    }
    if (doubted === all.email) all.email_as_typed = doubted
    return all
  }

  function busy(is) {
    isSending = is
    alert.textContent = ''
    post.setAttribute('aria-disabled', is)
    post.textContent = say(is ? 'sending' : 'post')
    for (const { input } of fields) input.readOnly = is
  }

  /** Say at every field what is wrong with it and go to the first; gives that one. */
  function complain(errors) {
    const [first] = fields.map(({ name, complain }) => complain(errors.find(({ field }) => field === name))).filter(Boolean)
    first?.focus()
    return first
  }

  function accepted(reply) {
    const { id } = reply.comment
    thread.own.keep(reply, body.input.value)
    drafts.drop(parent)
    drafts.answer(null)
    if (remember.firstChild.checked) person.write({ person: { ...values(), body: '' } })
    token = doubted = null
    turn(null)
    thread.list.mark(id)
    thread.tell(say(reply.status === 'pending' ? 'held' : 'published'))
    thread.send('posted', { id, status: reply.status })
  }

  function refused({ status, data, wait }) {
    const { errors = [], detail, code } = data
    doubted = errors.some((error) => error.code === 'unlikely-email') && values().email
    if (!complain(errors)) {
      alert.textContent = wait && status === 429 ? say('too_many', { time: lasting(wait, lang) }) : detail || say('unsent')
    }
    thread.send('error', { code })
  }

  /** Nothing came back: the text is kept, and without a network it goes out when there is one again. */
  function unsent() {
    const isOffline = !navigator.onLine
    alert.textContent = say(isOffline ? 'offline' : 'unsent')
    if (isOffline) addEventListener('online', submit, { once: true, signal })
    thread.send('error', {})
  }

  async function showPreview() {
    const { data } = await ask(`${path}preview`, { method: 'POST', body: { body: body.input.value } }).catch(() => ({ data: {} }))
    alert.textContent = data.body ? '' : data.errors?.[0].message || data.detail || say('unsent')
    if (data.body) preview.replaceChildren(drawBody(data.body))
  }

  /** Give the reader a text to go on with, unless there is one. */
  function offer(text) {
    if (!body.input.value) body.set(text)
    typed()
    body.input.focus()
  }

  const { person: known } = person.read()
  if (known) {
    remember.firstChild.checked = true
    fill(known)
  }
  return { home, answer, offer, restore: () => turn(drafts.answering()) }
}
