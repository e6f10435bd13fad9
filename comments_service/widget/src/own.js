// The reader's own comments: kept with their receipts, shown while they wait, changed and withdrawn while that is allowed.

import { ask, complaint } from './api.js'
import { button, h } from './dom.js'
import { clock } from './time.js'

export function keepOwn(thread) {
  const { memory, lang, tell } = thread
  const recall = () => memory().own || []
  const isPending = (entry) => entry.status === 'pending'
  const isTimely = (entry) => new Date(entry.editable_until) > new Date()

  /** Draw what is kept over the list: waiting comments are in no list, published ones may still be changed. */
  function show() {
    for (const entry of recall()) if (isPending(entry) || thread.list.get(entry.comment.id)) put(entry)
  }

  // There are words for every status but the one that needs none.
  function put(entry, note = thread.say(entry.status)) {
    const { say, form } = thread
    const { id } = entry.comment
    const time = isTimely(entry) && clock(entry.editable_until, lang)
    const buttons = (time || isPending(entry)) && [
      button(say('edit'), () => form.stand(id, entry), 'plain'),
      button(say('withdraw'), () => withdraw(entry), 'plain'),
      time && h('span', { class: 'quiet' }, say('editable', { time })),
    ]
    thread.list.put(entry.comment, { note, buttons })
  }

  /** Ask what became of each. Without a network nothing is known, and nothing changes. */
  async function refresh() {
    for (const entry of recall()) {
      const news = await call(entry)
      if (news.comment) follow(entry, news)
      else if (news.status === 404) forget(entry)
    }
  }

  /** Show and keep what became of `entry`, or with none a new comment. */
  function follow(entry, news) {
    const changed = { ...entry, ...news }
    put(changed)
    replace(changed, changed)
  }

  /** Keep `news` in place of `entry`. Other tabs may have kept others meanwhile. */
  function replace(entry, ...news) {
    const others = recall().filter((other) => other.comment.id !== entry.comment.id)
    memory({ own: [...others, ...news].filter((other) => isPending(other) || isTimely(other)) })
  }

  async function withdraw(entry) {
    const answer = await call(entry, 'DELETE')
    if (answer.ok) {
      forget(entry)
      thread.grow(isPending(entry) - 1)
      thread.form.offer(entry.body_source)
      return tell(thread.say('withdrawn'))
    }
    const problem = complaint(answer, thread.say)
    put(entry, problem)
    tell(problem)
  }

  function forget(entry) {
    thread.list.get(entry.comment.id)?.article.remove()
    replace(entry)
  }

  const call = (entry, method, body) =>
    ask(`comments/${entry.comment.id}`, {}, method, body, { Authorization: `Bearer ${entry.receipt}` })

  return { show, refresh, follow, change: (entry, body) => call(entry, 'PATCH', { body }) }
}
