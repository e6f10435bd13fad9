// The reader's own comments: kept with their receipts, shown while they wait, changed and withdrawn while that is allowed.

import { ask, complaint } from './api.js'
import { button, h } from './dom.js'
import { clock } from './time.js'

export function keepOwn(thread) {
  const { memory, lang, tell } = thread
  const recall = () => memory.read().own || []
  let kept = recall()

  const save = (own) => memory.write({ own: (kept = own) })
  const isPending = (entry) => entry.status === 'pending'
  const isTimely = (entry) => new Date(entry.editable_until) > Date.now()

  /** Keep what the service has just accepted: a new comment, or what became of `entry`; `text` is what it was made of. */
  function keep(answer, text, entry) {
    const news = { ...answer, body_source: text }
    if (entry) return follow(entry, news)
    save([...recall(), news])
    show()
  }

  /** Draw what is kept over the list: waiting comments are in no list, published ones may still be changed. */
  function show() {
    for (const entry of kept) if (isPending(entry) || thread.list.get(entry.comment.id)) put(entry)
  }

  function put(entry) {
    const { say, form } = thread
    const { id } = entry.comment
    const time = isTimely(entry) && clock(entry.editable_until, lang)
    const buttons = (time || isPending(entry)) && [
      button(say('edit'), () => form.stand(id, entry), 'plain'),
      button(say('withdraw'), () => withdraw(entry), 'plain'),
      time && h('span', { class: 'quiet' }, say('editable', { time })),
    ]
    // There are words for every status but the one that needs none.
    thread.list.put(entry.comment, { note: say(entry.status), buttons })
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
    save(kept.filter((other) => isPending(other) || isTimely(other)))
  }

  async function withdraw(entry) {
    const { ok, data } = await call(entry, 'DELETE')
    if (!ok) return tell(complaint(data) || thread.say('unsent'))
    forget(entry)
    thread.form.offer(entry.body_source)
    tell(thread.say('withdrawn'))
  }

  function forget(entry) {
    thread.list.remove(entry.comment.id)
    save(kept.filter((other) => other !== entry))
  }

  /** Without a network nothing is known, and nothing changes. */
  const call = (entry, method, body) =>
    ask(`comments/${entry.comment.id}`, method, body, { Authorization: `Bearer ${entry.receipt}` }).catch(() => ({ data: {} }))

  return { keep, show, refresh, change: (entry, body) => call(entry, 'PATCH', { body }) }
}
