// One thread on one page: loads it, draws its frame, and holds what its parts share.

import { SERVICE, ask } from './api.js'
import { button, h } from './dom.js'
import { drawForm } from './form.js'
import { makeList } from './list.js'
import { keepOwn } from './own.js'
import { openStore } from './store.js'
import { speaker } from './texts.js'
import { locale } from './time.js'

/** Load the thread that `host` names into `root`, and keep it alive until `signal`. */
export function openThread(host, root, signal) {
  const site = host.getAttribute('site')
  const page = host.getAttribute('page') || canonicalPath()
  const lang = locale(host.closest('[lang]')?.lang)
  let order = host.getAttribute('sort') || 'oldest'
  let next

  const thread = {
    site,
    page,
    signal,
    lang,
    title: host.getAttribute('title') || document.title,
    path: `sites/${site}/`,
    memory: openStore(`${site}:${page}`),
    say: speaker({}, lang),
    isNewestFirst: () => order === 'newest',
    /** Tell those who listen instead of looking. */
    tell: (sentence) => (live.textContent = sentence),
    /** Tell the page around us. */
    send: (name, detail) => host.dispatchEvent(new CustomEvent(`comments:${name}`, { detail, bubbles: true })),
  }
  const live = h('p', { role: 'status', class: 'unseen' })
  const more = button('', () => quietly(showMore), 'more')

  async function load() {
    try {
      const answer = await fetchPage()
      if (signal.aborted) return
      show(answer)
      thread.send('loaded', { count: answer.count })
      await find()
      thread.own.refresh()
    } catch (failure) {
      if (!signal.aborted) fail(failure)
    }
  }

  async function fetchPage(after = '') {
    const { ok, data } = await ask(`${thread.path}thread?${new URLSearchParams({ page, sort: order, lang, after })}`)
    if (!ok) throw Error(data.detail)
    return data
  }

  function show(answer) {
    const { texts, form, state, count } = answer
    const say = (thread.say = speaker(texts, lang))
    thread.form = state === 'open' && drawForm(thread, form.fields)
    thread.list = makeList(thread)
    thread.own = keepOwn(thread)
    more.textContent = say('more')
    add(answer)
    const title = h('h2', null, say(count ? 'comments' : 'empty', { count }))
    root.replaceChildren(
      h('section', { 'aria-label': say('region') },
        h('header', null, title, count > 1 && sorting()), thread.list.element, more),
      thread.form ? thread.form.home : h('p', { class: 'note' }, say(state)),
      live,
    )
    if (thread.form) thread.form.restore()
  }

  function add(answer) {
    answer.comments.forEach((comment) => thread.list.put(comment))
    thread.own.show()
    next = answer.next
    more.hidden = !next
  }

  function sorting() {
    const { say } = thread
    const choices = ['oldest', 'newest'].map((value) => h('option', { value }, say(value)))
    const change = () => quietly(sort)
    const select = h('select', { part: 'input', 'aria-label': say('sort'), change }, ...choices)
    select.value = order
    async function sort() {
      order = select.value
      const answer = await fetchPage()
      thread.list.clear()
      add(answer)
      if (thread.form) thread.form.restore()
      thread.tell(say(order))
    }
    return select
  }

  async function showMore() {
    const known = thread.list.ids()
    add(await fetchPage(next))
    const fresh = thread.list.ids().slice(known.length)
    thread.list.focus(fresh[0])
    thread.tell(thread.say('comments', { count: fresh.length }))
  }

  /** What the reader may simply try again needs no more than a word. */
  const quietly = (work) => work().catch(() => thread.tell(thread.say('failed')))

  /** Go to the comment that the page's address names, loading what lies before it. */
  async function find() {
    const id = location.hash.split('#comment-')[1]
    while (id && !thread.list.has(id) && next) add(await fetchPage(next))
    thread.list.mark(id)
  }

  function fail({ message }) {
    const { say } = thread
    root.replaceChildren(
      h('slot'),
      h('div', { class: 'note', role: 'alert' },
        h('p', null, say('failed')),
        h('p', { class: 'row' }, button(say('retry'), load),
          h('a', { href: `${SERVICE}s/${site}/thread?${new URLSearchParams({ page })}` }, say('elsewhere')))),
    )
    console.warn(`comments: ${message}`)
    thread.send('error', { message })
  }

  addEventListener('hashchange', () => thread.list && quietly(find), { signal })
  load()
}

function canonicalPath() {
  const canonical = document.querySelector('link[rel=canonical]')
  return new URL(canonical ? canonical.href : location).pathname
}
