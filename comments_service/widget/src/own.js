// The reader's own comments: kept with their receipts, shown while they wait, changed and withdrawn while that is allowed.

import { ask } from './api.js'
import { button, h } from './dom.js'
import { lasting } from './time.js'

export function keepOwn(thread) {
  const { memory, signal } = thread
  const recall = () => memory.read().own || []
  let kept = recall()

  const save = (own) => memory.write({ own: (kept = own) })
  const isWaiting = ({ status }) => status === 'pending'
  const secondsLeft = ({ editable_until: end }) => (new Date(end) - Date.now()) / 1000

  /** Keep what the service has just accepted, and the text it was made of. */
  function keep(answer, text) {
    save([...recall(), { ...answer, body_source: text }])
    show()
  }

  /** Draw what is kept over the list: waiting comments are in no list, published ones may still be changed. */
  function show() {
    for (const entry of kept) if (isWaiting(entry) || thread.list.has(entry.comment.id)) put(entry)
  }

  function put(entry) {
    const { say, list } = thread
    const isPending = isWaiting(entry)
    const note = isPending ? say('pending') : entry.status !== 'approved' && say('unpublished')
    const buttons = (isPending || secondsLeft(entry) > 0) && [
      button(say('edit'), () => edit(entry), 'plain'),
      button(say('withdraw'), () => withdraw(entry), 'plain'),
      (entry.clock = h('span', { class: 'quiet' })),
    ]
    list.put(entry.comment, { isPending, note, buttons: buttons || [] })
    tick()
  }

  /** Say how long each may still be changed; nothing else moves, for the reader may be about to. */
  function tick() {
    for (const entry of kept) {
      const left = secondsLeft(entry)
      if (entry.clock) entry.clock.textContent = left > 0 ? thread.say('editable', { time: lasting(left, thread.lang) }) : ''
    }
  }

  /** Ask what became of each. */
  async function refresh() {
    for (const entry of kept) {
      const { status, data } = await call(entry)
      if (status === 404) forget(entry)
      else if (data.status) follow(entry, data)
    }
  }

  function follow(entry, news) {
    Object.assign(entry, news)
    put(entry)
    save(kept.filter((other) => isWaiting(other) || secondsLeft(other) > 0))
  }

  function edit(entry) {
    const { say, list, tell } = thread
    const { id } = entry.comment
    const input = h('textarea', { part: 'input', 'aria-label': say('edit') })
    const alert = h('p', { class: 'error', role: 'alert' })
    const close = () => {
      put(entry)
      list.focus(id)
    }
    const submit = async (event) => {
      event.preventDefault()
      const body = input.value
      const { ok, data } = await call(entry, { method: 'PATCH', body: { body } })
      if (!ok) return (alert.textContent = data.errors?.[0].message || data.detail || say('unsent'))
      follow(entry, { body_source: body, ...data })
      close()
      tell(say('saved'))
    }
    input.value = entry.body_source
    list.part(id, '.body').replaceWith(
      h('form', { submit }, input, alert, h('p', { class: 'row' },
        button(say('save'), null, 'main', { type: 'submit' }), button(say('cancel'), close))))
    input.focus()
  }

  async function withdraw(entry) {
    const { say, tell, form } = thread
    const { ok, data } = await call(entry, { method: 'DELETE' })
    if (!ok) return tell(data.detail || say('unsent'))
    forget(entry)
    if (form) form.offer(entry.body_source)
    tell(say('withdrawn'))
  }

  function forget(entry) {
    thread.list.remove(entry.comment.id)
    save(kept.filter((other) => other !== entry))
  }

  /** Without a network nothing is known, and nothing changes. */
  const call = ({ comment, receipt }, request) =>
    ask(`comments/${comment.id}`, { ...request, headers: { Authorization: `Bearer ${receipt}` } }).catch(() => ({ data: {} }))

  const clock = setInterval(tick, 30000)
  signal.addEventListener('abort', () => clearInterval(clock))
  return { keep, show, refresh }
}
