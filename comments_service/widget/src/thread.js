// One thread on one page: loads it, draws its frame, and holds what its parts share.

import { SERVICE, ask } from './api.js'
import { button, h } from './dom.js'
import { drawForm } from './form.js'
import { makeList } from './list.js'
import { keepOwn } from './own.js'
import { openStore } from './store.js'
import { speaker } from './texts.js'
import { locale } from './time.js'

const ORDERS = ['oldest', 'newest']

/** Load the thread that `host` names into `root`, and keep it alive until `signal`. */
export function openThread(host, root, signal) {
  const attribute = (name) => host.getAttribute(name)
  const site = attribute('site')
  const page = attribute('page') || canonicalPath()
  const lang = locale(host.closest('[lang]')?.lang)
  const live = h('p', { role: 'status', class: 'unseen' })
  let order = attribute('sort') || ORDERS[0]
  let next
  let more

  const thread = {
    site,
    page,
    signal,
    lang,
    title: attribute('title') || document.title,
    path: `sites/${site}/`,
    memory: openStore(`${site}:${page}`),
    say: speaker({}, lang),
    isNewestFirst: () => order !== ORDERS[0],
    /** Tell those who listen instead of looking. */
    tell: (sentence) => (live.textContent = sentence),
    /** Tell the page around us. */
    send: (name, detail) => host.dispatchEvent(new CustomEvent(`comments:${name}`, { detail, bubbles: true })),
  }
  thread.own = keepOwn(thread)

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
    const { data } = await ask(`${thread.path}thread?${new URLSearchParams({ page, sort: order, lang, after })}`)
    if (!data.texts) throw Error(data.detail)
    return data
  }

  function show(answer) {
    const { texts, form, state, count, max_depth: deepest } = answer
    const say = (thread.say = speaker(texts, lang))
    thread.refusal = state !== 'open' && say(state)
    thread.form = drawForm(thread, form.fields)
    thread.list = makeList(thread, deepest)
    more = button(say('more'), () => showMore().catch(stay))
    add(answer)
    const title = h('h2', null, say(count ? 'comments' : 'empty', { count }))
    root.replaceChildren(
      h('section', null,
        h('header', null, title, count > 1 && drawOrder()), thread.list.element, more),
      thread.form.home,
      live,
    )
    thread.form.restore()
  }

  function add(answer) {
    answer.comments.forEach((comment) => thread.list.put(comment))
    thread.own.show()
    next = answer.next
    more.hidden = !next
  }

  function drawOrder() {
    const choices = ORDERS.map((value) => h('option', { value, selected: value === order }, thread.say(value)))
    return h('select', { part: 'input', 'aria-label': thread.say('sort'), change: reorder }, ...choices)
  }

  async function reorder({ target }) {
    order = target.value
    await load()
    root.querySelector('select').focus()
  }

  async function showMore() {
    const { list, tell, say } = thread
    const answer = await fetchPage(next)
    const { length: count, 0: first } = answer.comments
    add(answer)
    list.visit(first?.id)
    tell(say('comments', { count }))
  }

  /** Go to the comment that the page's address names, loading what lies before it. */
  async function find() {
    const id = location.hash.split('#comment-')[1]
    while (id && !thread.list.get(id) && next) add(await fetchPage(next))
    thread.list.visit(id)
  }

  /** What is here stays here; the reader may try again. */
  const stay = () => thread.tell(thread.say('failed'))

  /** The button goes away, so the reader waits at the whole. */
  function retry() {
    root.focus()
    load()
  }

  function fail({ message }) {
    const { say, send } = thread
    const href = `${SERVICE}s/${site}/thread?${new URLSearchParams({ page })}`
    root.replaceChildren(
      h('slot'),
      h('div', { role: 'alert' }, say('failed'), h('p', { class: 'row' }, button(say('retry'), retry), h('a', { href }, say('elsewhere')))),
    )
    console.warn(`comments: ${message}`)
    send('error', { message })
  }

  addEventListener('hashchange', () => find().catch(stay), { signal })
  load()
}

const canonicalPath = () => new URL(document.querySelector('link[rel=canonical]')?.href || location).pathname
