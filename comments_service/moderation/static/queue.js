// Makes the queue fast: a key decides, the card goes at once, decisions travel together, z takes them back.
// Without it every button is a form post that does the same.

const GATHER_MS = 1000
const RETRY_MS = [1000, 4000]
const DECISIONS = new Set(['approved', 'spam', 'trash', 'pending', 'restore'])
const GO_MS = 1500
const WATCH_MS = 30_000
const PROGRESS_MS = 700
const AGES = [[1, 'second'], [60, 'minute'], [3600, 'hour'], [86_400, 'day']]
const MOST_NEW = 100 // more are not counted
const KEYS_OFF = 'comments:keys-off'
const KEYS_MOVED = 'comments:keys' // {key as it came: key that the moderator gave it}

const queue = document.getElementById('queue')
const outcome = document.getElementById('said')
const help = document.getElementById('help')
const keysOn = document.getElementById('keys-on')
const cleared = document.getElementById('cleared')
const older = document.querySelector('a[rel=next]')
const picked = document.getElementById('picked')
const block = document.getElementById('block')
const blockForm = document.getElementById('block-form')
const tools = document.querySelector('.tools')
const total = document.querySelector('.tabs [aria-current] .count')
const fresh = document.getElementById('fresh')
const texts = JSON.parse(tools.dataset.texts) // what is said here, in the moderator's language
const plurals = new Intl.PluralRules(document.documentElement.lang)
const ages = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: 'auto' })

const waiting = [] // decisions not sent yet
const done = [] // what z takes back, the newest last: {event, cards}
let sending = 0
let timer
let allMatching = false // whether what is selected is also what other pages list
let goingUntil = 0 // after g, until when the next key says where

// Cards

const cards = () => [...queue.querySelectorAll('.entry')]
const current = () => document.activeElement?.closest?.('.entry') ?? null
const buttonOf = (card, verb) => card?.querySelector(`.verb-${verb}`)

function focus(card) {
  card?.focus({ preventScroll: true })
  card?.scrollIntoView({ block: 'nearest' })
}

function step(by) {
  const all = cards()
  const at = all.indexOf(current())
  focus(at < 0 ? all[0] : all[Math.min(Math.max(at + by, 0), all.length - 1)])
}

/** Open what is folded on the card, or fold it again. */
function unfold(what) {
  const folded = current()?.querySelector(what)
  if (folded) folded.open = !folded.open
}

function takeAway(card) {
  const all = cards()
  const at = all.indexOf(card)
  const place = document.createComment('')
  const item = card.closest('li')
  item.replaceWith(place)
  count(-sizeOf(card))
  focus(all[at + 1] ?? all[at - 1])
  return { item, place, id: card.dataset.id }
}

/** How many comments a card stands for: with it, those that are like it. */
const sizeOf = (card) => 1 + Number(card.dataset.like ?? 0)

function count(by) {
  if (total) showCount(total, Number(total.dataset.count) + by)
  cleared.hidden = Boolean(older || cards().length)
}

function showCount(place, number) {
  place.dataset.count = number
  place.textContent = figure(number)
}

function bringBack(removed, problem) {
  if (!removed.place.isConnected) return
  removed.place.replaceWith(removed.item)
  const card = removed.item.querySelector('.entry')
  count(sizeOf(card))
  card.classList.toggle('unsaved', Boolean(problem))
  if (problem) card.dataset.unsaved = problem
}

// Saying what happened

/** The sentence `key` with its `{placeholders}` filled; a `count` chooses the plural form. */
function sentence(key, values = {}) {
  const text = texts[`${key}.${plurals.select(values.count)}`] ?? texts[`${key}.other`] ?? texts[key]
  return text.replace(/{(\w+)}/g, (all, name) => values[name] ?? all)
}

function say(text, undoable) {
  const line = document.createElement('p')
  line.textContent = text
  outcome.replaceChildren(line)
  if (!undoable) return
  const button = document.createElement('button')
  button.className = 'plain'
  button.textContent = sentence('undo')
  button.addEventListener('click', undo)
  outcome.append(button)
}

/** A number as the pages write it in this language. */
const figure = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, texts.thousands)

/** What a number of comments is filled in with where it may be large. */
const many = (count) => ({ count, number: figure(count) })

// Sending

async function post(path, body, key, method = 'POST') {
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await fetch(`/api/v1/moderation/${path}`, {
        method,
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
        body: JSON.stringify(body),
        keepalive: true,
      })
      if (answer.status < 500) return answer
    } catch (error) {
      if (attempt >= RETRY_MS.length) throw error
    }
    if (attempt >= RETRY_MS.length) throw new Error('not saved')
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS[attempt]))
  }
}

function decide(card, verb) {
  if (!buttonOf(card, verb)) return
  const status = verb === 'restore' ? card.dataset.before : verb
  const removed = takeAway(card)
  const { id, version, like } = card.dataset
  waiting.push({ removed, decision: { id, status, version: Number(version), like: Boolean(like) } })
  say(sentence(`done_${status}`), true)
  timer ??= setTimeout(send, GATHER_MS)
}

async function send() {
  clearTimeout(timer)
  timer = null
  const batch = waiting.splice(0)
  if (!batch.length) return
  sending++
  try {
    const answer = await post('decisions', { decisions: batch.map((one) => one.decision) }, crypto.randomUUID())
    if (!answer.ok) throw new Error((await answer.json()).detail)
    settle(batch, await answer.json())
  } catch {
    for (const one of batch) bringBack(one.removed, sentence('unsaved'))
    say(sentence('unsaved_count', { count: batch.length }))
  } finally {
    sending--
    if (older && !cards().length && !waiting.length && !sending) goOn()
  }
}

/** What somebody else decided, and how long ago. */
function otherwise({ decided_by: name, decided_at: at, edited_at: edited, status }) {
  if (edited && !(edited < at)) return sentence('changed_since')
  if (!name) return sentence('somebody_otherwise', { status: sentence(`is_${status}`) })
  const seconds = Math.max(0, Date.now() - Date.parse(at)) / 1000
  const [size, unit] = AGES.findLast(([least]) => seconds >= least) ?? AGES[0]
  return sentence(`by_${status}`, { name, ago: ages.format(-Math.floor(seconds / size), unit) })
}

function settle(batch, { event, changed, conflicts }) {
  const moved = new Map(conflicts.map((card) => [card.id, card]))
  const kept = batch.filter((one) => !moved.has(one.decision.id))
  for (const one of batch) {
    const card = moved.get(one.decision.id)
    if (!card) continue
    renew(one.removed.item, card)
    bringBack(one.removed, otherwise(card))
  }
  if (event) done.push({ event, cards: kept.map((one) => one.removed), changed })
  const statuses = new Set(kept.map((one) => one.decision.status))
  const what = statuses.size === 1 ? [...statuses][0] : 'decided'
  if (kept.length) say(sentence(`count_${what}`, { count: event ? changed : kept.length }), true)
}

/** This page is cleared: show what is left, with the last decisions still to be taken back. */
function goOn() {
  const goal = new URL(location)
  goal.searchParams.delete('after')
  const last = done.at(-1)
  if (last) {
    goal.searchParams.set('done', 'decided')
    goal.searchParams.set('changed', last.changed ?? last.cards.length)
    goal.searchParams.set('event', last.event)
  }
  location.assign(goal)
}

// Many at once

const boxOf = (card) => card.querySelector('.chosen')
const chosen = () => cards().filter((card) => boxOf(card).checked)

function showPicked() {
  const number = allMatching ? Number(queue.dataset.total) : chosen().length
  picked.textContent = number ? sentence(allMatching ? 'selected_all' : 'selected', many(number)) : ''
}

function pick(card) {
  if (!card) return
  allMatching = false
  boxOf(card).checked = !boxOf(card).checked
  showPicked()
}

async function pickAll() {
  allMatching = !allMatching
  for (const card of cards()) boxOf(card).checked = allMatching
  if (allMatching) await countAll()
  showPicked()
}

/** What a search finds is counted a little way with each page, and to the end before all of it is decided. */
async function countAll() {
  const { filter, uncounted } = queue.dataset
  if (uncounted === undefined) return
  const query = new URLSearchParams({ q: filter, site: tools.dataset.site, limit: 1, count: 'all' })
  const answer = await fetch(`/api/v1/moderation/comments?${query}`).catch(() => null)
  if (!answer?.ok) return (allMatching = false)
  queue.dataset.total = (await answer.json()).total
  delete queue.dataset.uncounted
}

function decideChosen(status) {
  if (allMatching && Number(queue.dataset.total) > cards().length) return decideAll(status)
  for (const card of chosen()) decide(card, status)
  allMatching = false
  showPicked()
}

async function decideAll(status) {
  await send()
  await countAll()
  const { filter, total: number } = queue.dataset
  const told = many(Number(number))
  say(sentence(`all_${status}`, told))
  sending++
  const stop = tellProgress(told)
  try {
    const body = { filter, site: tools.dataset.site, status, count: Number(number) }
    const { event, changed } = await asked('decisions', body)
    done.push({ event, cards: [], changed })
    sending--
    goOn()
  } catch (error) {
    sending--
    say(error.message)
  } finally {
    stop()
  }
}

/** Say now and then how many of very many are decided, by how many are left in the list; gives what ends it. */
function tellProgress(told) {
  if (!total) return () => {}
  const before = Number(total.dataset.count)
  const timer = setInterval(async () => {
    const news = await look()
    if (!news) return
    const number = before - countOf(news.counts, total.dataset.status)
    if (number > 0) say(sentence('so_far', { done: figure(number), number: told.number }))
  }, PROGRESS_MS)
  return () => clearInterval(timer)
}

// What comes meanwhile

/** The counts of today, and how many came that are not listed; asked with what is known, so that it costs little. */
async function look() {
  const { newest, status, site } = tools.dataset
  const query = new URLSearchParams({ after: newest, status, site })
  const answer = await fetch(`/api/v1/moderation/arrivals?${query}`).catch(() => null)
  return answer?.ok ? answer.json() : null
}

const countOf = (counts, status) =>
  Object.entries(counts).reduce((sum, [site, of]) => sum + (site === (tools.dataset.site || site) ? of[status] : 0), 0)

/** Refresh the counts; what is new waits behind its number, for nothing may move under the cursor. */
async function watch() {
  if (document.hidden || waiting.length || sending) return
  const news = await look()
  if (!news || waiting.length || sending) return
  for (const place of document.querySelectorAll('.tabs .count')) {
    showCount(place, countOf(news.counts, place.dataset.status))
  }
  if (!('watched' in tools.dataset)) return
  fresh.hidden = !news.new
  fresh.textContent = sentence('new', { count: news.new, number: figure(news.new) + (news.new < MOST_NEW ? '' : '+') })
}

async function showFresh(event) {
  event.preventDefault()
  await send()
  location.assign(fresh.href)
}

/** What the API answers; an error with its words when it refuses. */
async function asked(path, body, method) {
  const answer = await post(path, body, crypto.randomUUID(), method)
  if (!answer.ok) throw new Error((await answer.json()).detail)
  return answer.json()
}

// People

async function trust(card) {
  if (!card) return
  if (buttonOf(card, 'approved')) decide(card, 'approved')
  await send()
  try {
    const { event } = await asked(`comments/${card.dataset.id}/trust`, {})
    done.push({ event, cards: [] })
    if (card.isConnected) await reread(card.closest('li'), card.dataset.id) // what the checks published, she has now decided on
    say(sentence('trusted'), true)
  } catch (error) {
    say(error.message)
  }
}

function askToBlock(card) {
  const kinds = card?.dataset.blockable.split(' ').filter(Boolean)
  if (!kinds?.length) return
  for (const radio of blockForm.elements.kind) {
    radio.disabled = !kinds.includes(radio.value)
    radio.checked = radio.value === kinds[0]
  }
  document.getElementById('block-name').textContent = card.querySelector('h2 bdi').textContent
  blockForm.onsubmit = (event) => {
    event.preventDefault()
    block.close()
    blockCommenter(card, Object.fromEntries(new FormData(blockForm)))
  }
  block.showModal()
}

async function blockCommenter(card, wish) {
  if (buttonOf(card, 'spam')) decide(card, 'spam')
  else focus(card)
  await send()
  try {
    const { event } = await asked(`comments/${card.dataset.id}/block`, wish)
    done.push({ event, cards: [] })
    say(sentence('blocked'), true)
  } catch (error) {
    say(error.message)
  }
}

async function history(card) {
  const place = card?.querySelector('.history')
  if (!place || !card.dataset.search) return
  place.hidden = !place.hidden
  if (place.hidden || place.childElementCount) return
  const query = new URLSearchParams({ q: card.dataset.search, limit: 20 })
  const answer = await fetch(`/api/v1/moderation/comments?${query}`).catch(() => null)
  if (!answer?.ok) return
  const { comments } = await answer.json()
  const others = comments.filter((comment) => comment.id !== card.dataset.id)
  place.append(...(others.length ? others.map(line) : [textIn('p', sentence('no_history'))]))
}

function line({ name, status, page, body_source: body, created_at: at }) {
  const item = textIn('p', body)
  item.dir = 'auto'
  item.prepend(textIn('strong', `${at.slice(0, 10)}, ${sentence(`is_${status}`)}, ${name}, ${page}: `))
  return item
}

function textIn(tag, text) {
  const element = document.createElement(tag)
  element.textContent = text
  return element
}

function reply(card) {
  const verb = card && buttonOf(card, 'approved') ? 'approve_and_reply' : 'reply'
  write(card, { label: sentence('your_reply'), placeholder: sentence('reply_hint'), verb: sentence(verb), take: answer })
}

function edit(card) {
  const value = card?.querySelector('.body').textContent
  write(card, { label: sentence('text'), value, verb: sentence('save_text'), take: change })
}

/** A field below the card whose text `take` gets. */
function write(card, { label, placeholder = '', value = '', verb, take }) {
  const place = card?.querySelector('footer')
  if (!place || card.querySelector('.answer')) return card?.querySelector('.answer textarea').focus()
  const form = document.createElement('form')
  form.className = 'answer'
  const text = document.createElement('textarea')
  text.required = true
  text.rows = 3
  text.dir = 'auto'
  text.ariaLabel = label
  text.placeholder = placeholder
  text.value = value
  form.append(text, textIn('button', verb))
  text.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      form.remove()
      focus(card)
    }
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit()
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    take(card, form, text.value)
  })
  place.after(form)
  text.focus()
}

async function answer(card, form, body) {
  const pending = buttonOf(card, 'approved')
  try {
    await asked(`comments/${card.dataset.id}/reply`, { body })
    form.remove()
    if (pending) takeAway(card)
    else focus(card)
    say(sentence(pending ? 'approved_and_replied' : 'replied'))
  } catch (error) {
    say(error.message)
  }
}

async function change(card, form, body) {
  try {
    renew(card.closest('li'), await asked(`comments/${card.dataset.id}`, { body, version: Number(card.dataset.version) }, 'PATCH'))
    form.remove()
    focus(card)
    say(sentence('saved'))
  } catch (error) {
    say(error.message)
  }
}

async function undo() {
  await send()
  const last = done.pop()
  if (!last) return outcome.querySelector('form')?.requestSubmit()
  const answer = await post(`events/${last.event}/undo`, {}, crypto.randomUUID()).catch(() => null)
  if (!answer?.ok) {
    done.push(last)
    say(sentence('not_undone'))
    return
  }
  const { changed } = await answer.json()
  await refresh(last.cards)
  say(changed ? sentence('count_undone', { count: changed }) : sentence('undid'))
  focus(last.cards.at(-1)?.item.querySelector('.entry'))
}

// A comment has another version after each change, and the next decision has to name it: of the text that is shown.
function renew(item, { version, body_source: body }) {
  item.querySelector('.entry').dataset.version = version
  for (const field of item.querySelectorAll('[value]')) {
    field.value = field.value.replace(/:\d+(:like)?$/, `:${version}$1`)
  }
  const text = item.querySelector('.body')
  if (text.textContent !== body) text.textContent = body
}

async function refresh(removed) {
  await Promise.all(
    removed.map(async (one) => {
      if (await reread(one.item, one.id)) bringBack(one)
    }),
  )
}

async function reread(item, id) {
  const answer = await fetch(`/api/v1/moderation/comments/${id}`)
  if (answer.ok) renew(item, await answer.json())
  return answer.ok
}

// Keys

const KEYS = {
  a: () => decide(current(), 'approved'),
  s: () => decide(current(), 'spam'),
  d: () => decide(current(), 'trash'),
  u: () => decide(current(), buttonOf(current(), 'restore') ? 'restore' : 'pending'),
  z: undo,
  j: () => step(1),
  k: () => step(-1),
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
  x: () => pick(current()),
  X: pickAll,
  A: () => decideChosen('approved'),
  S: () => decideChosen('spam'),
  D: () => decideChosen('trash'),
  r: () => reply(current()),
  e: () => edit(current()),
  t: () => trust(current()),
  b: () => askToBlock(current()),
  h: () => history(current()),
  o: () => current()?.querySelector('.where a')?.click(),
  p: () => unfold('.parent'),
  l: () => unfold('.links'),
  g: () => (goingUntil = Date.now() + GO_MS),
  '/': () => document.getElementById('q')?.focus(),
  '?': () => help.showModal(),
}
const REMOVES = new Set([...'asduASDrtb'])
const PLACES = 'past' // the tabs: pending, approved, spam, trash

// Keys of one's own

let moved = {}
let changing = null // the button in the help whose new key is waited for

/** The key, as it came, that `key` stands for; nothing for one that was given away. */
function meant(key) {
  const lower = key.toLowerCase()
  const [own] = Object.entries(moved).find(([, given]) => given === lower) ?? [lower in moved ? '' : lower]
  return key.length > 1 ? key : key === lower ? own : own.toUpperCase()
}

const helpKeys = () => [...help.querySelectorAll('.key')]
const tellKeys = (...said) => (document.getElementById('keys-said').textContent = sentence(...said))

function showKeys() {
  for (const button of helpKeys()) {
    const { key, what } = button.dataset
    button.textContent = moved[key] ?? key
    button.ariaLabel = `${what}: ${button.textContent}`
  }
  for (const button of queue.querySelectorAll('[aria-keyshortcuts]')) {
    button.dataset.key ??= button.getAttribute('aria-keyshortcuts')
    button.setAttribute('aria-keyshortcuts', moved[button.dataset.key] ?? button.dataset.key)
  }
}

function keepKeys(changed) {
  moved = changed
  localStorage.setItem(KEYS_MOVED, JSON.stringify(moved))
  showKeys()
}

function readKeys() {
  try {
    moved = { ...JSON.parse(localStorage.getItem(KEYS_MOVED)) }
  } catch {
    moved = {}
  }
  showKeys()
}

function changeKey({ target }) {
  const button = target.closest('.key')
  changing = button
  for (const other of helpKeys()) other.ariaPressed = other === button
  if (button) tellKeys('press', { what: button.dataset.what })
}

/** The key that was waited for came. */
function takeKey(event) {
  if (!changing || event.ctrlKey || event.metaKey || event.altKey || event.key === 'Shift') return
  event.preventDefault()
  event.stopPropagation()
  const { key, what } = changing.dataset
  const given = event.key.toLowerCase()
  const other = helpKeys().find((button) => button !== changing && button.textContent === given)
  changing.ariaPressed = false
  changing = null
  if (given === 'escape') return tellKeys('key_stays')
  if (given.length > 1 || given === ' ' || given === '?') return tellKeys('no_key')
  if (other) return tellKeys('key_taken', { key: given, what: other.dataset.what })
  const { [key]: _, ...others } = moved
  keepKeys(given === key ? others : { ...others, [key]: given })
  tellKeys('key_changed', { key: given, what })
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open || block.open) return
  if (event.target.closest('input:not(.chosen), textarea, select')) return
  if (event.key !== '?' && !keysOn.checked) return
  const place = Date.now() < goingUntil ? PLACES.indexOf(event.key) : -1
  if (event.key !== 'Shift') goingUntil = 0
  const key = meant(event.key)
  const act = place < 0 ? KEYS[key] : () => document.querySelectorAll('.tabs a')[place].click()
  if (!act || (event.repeat && REMOVES.has(key))) return
  event.preventDefault()
  act()
}

function onClick(event) {
  const button = event.target.closest('button[name="decision"]')
  const [status] = button?.value.split(':') ?? []
  if (!button || !DECISIONS.has(status)) return
  event.preventDefault()
  decide(button.closest('.entry'), status)
}

function start() {
  document.documentElement.classList.add('scripted')
  keysOn.checked = !localStorage.getItem(KEYS_OFF)
  keysOn.addEventListener('change', () => {
    if (keysOn.checked) localStorage.removeItem(KEYS_OFF)
    else localStorage.setItem(KEYS_OFF, '1')
  })
  readKeys()
  help.addEventListener('click', changeKey)
  help.addEventListener('keydown', takeKey)
  help.addEventListener('cancel', (event) => changing && event.preventDefault())
  document.getElementById('keys-reset').addEventListener('click', () => keepKeys({}))
  document.addEventListener('keydown', onKey)
  queue.addEventListener('click', onClick)
  queue.addEventListener('change', () => {
    allMatching = false
    showPicked()
  })
  document.getElementById('block-cancel').addEventListener('click', () => block.close())
  document.addEventListener('visibilitychange', () => document.hidden && send())
  addEventListener('beforeunload', (event) => {
    if (waiting.length || sending) event.preventDefault()
  })
  focus(cards()[0])
}

setInterval(watch, WATCH_MS)
document.addEventListener('visibilitychange', watch)
fresh.addEventListener('click', showFresh)
if (queue) start()
