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
  let next
  let more

  const thread = {
    site,
    page,
    signal,
    lang,
    title: attribute('title') || document.title,
    heading: `h${attribute('level') || 2}`,
    path: `sites/${site}/`,
    memory: openStore(site, page),
    say: speaker(lang),
    order: attribute('sort') || ORDERS[0],
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
      thread.form.turn(await reach(thread.refusal ? '' : thread.memory().answering))
      thread.send('loaded', { count: answer.count })
      await find()
      thread.own.refresh()
    } catch (failure) {
      if (!signal.aborted) fail(failure)
    }
  }

  async function fetchPage(after = '') {
    const answer = await ask(`${thread.path}thread`, { page, sort: thread.order, lang, after })
    if (!answer.texts) throw Error(answer.detail || 'no answer')
    return answer
  }

  function show(answer) {
    const { texts, form, state, max_depth: deepest } = answer
    const title = h(thread.heading)
    thread.pinned = answer.pinned
    const say = (thread.say = speaker(lang, texts))
    thread.refusal = state !== 'open' && say(state)
    thread.form = drawForm(thread, form.fields)
    thread.list = makeList(thread, deepest)
    more = button('', () => showMore().catch(stay))
    add(answer)
    /** Let the heading count as many more, or fewer. */
    thread.grow = (change) => {
      answer.count += change
      title.className = answer.count ? 'title' : 'quiet'
      title.textContent = say(answer.count ? 'comments' : 'empty', answer)
    }
    thread.grow(0)
    root.replaceChildren(
      h('section', null,
        h('header', null, title, answer.count > 1 && drawOrder()), thread.list.element, more),
      thread.form.home,
      live,
    )
  }

  function add(answer) {
    answer.comments.forEach((comment) => thread.list.put(comment))
    thread.own.show()
    next = answer.next
    more.hidden = !next
    more.firstChild.textContent = thread.say('more')
  }

  function drawOrder() {
    const choices = ORDERS.map((value) => h('option', { value, selected: value === thread.order }, thread.say(value)))
    return h('select', { class: 'plain', part: 'input', 'aria-label': thread.say('sort'), change: reorder }, choices)
  }

  async function reorder({ target }) {
    thread.order = target.value
    await load()
    root.querySelector('select')?.focus()
  }

  async function showMore() {
    const { list, tell, say } = thread
    const answer = await fetchPage(next)
    const { length: count, 0: first } = answer.comments
    add(answer)
    list.visit(first?.id)
    tell(say('comments', { count }))
  }

  /** Load what lies before the comment `id`, and itself, if it is there. */
  async function reach(id) {
    while (id && next && !thread.list.get(id)) add(await fetchPage(next))
    return id
  }

  /** Go to the comment that the page's address names. */
  async function find() {
    thread.list.visit(await reach(location.hash.split('#comment-')[1]))
  }

  /** What is here stays here; the reader may try again. */
  function stay() {
    const { say, tell } = thread
    more.firstChild.textContent = say('retry')
    tell(say('failed'))
  }

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
      h('p', { role: 'alert', class: 'row' }, say('failed'), button(say('retry'), retry), h('a', { href }, say('elsewhere'))),
    )
    console.warn(`comments: ${message}`)
    send('error', { message })
  }

  addEventListener('hashchange', () => find().catch(stay), { signal })
  load()
}

const canonicalPath = () => new URL(document.querySelector('link[rel=canonical]')?.href || location).pathname
