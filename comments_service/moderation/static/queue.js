// Makes the queue fast: a key decides, the card goes at once, decisions travel together, z takes them back.
// Without it every button is a form post that does the same.

const GATHER_MS = 1000
const RETRY_MS = [1000, 4000]
const LABELS = { approved: 'Approved', spam: 'Marked as spam', trash: 'Moved to the trash', pending: 'Held' }
const KEYS_OFF = 'comments:keys-off'

const queue = document.getElementById('queue')
const outcome = document.getElementById('outcome')
const help = document.getElementById('help')
const keysOn = document.getElementById('keys-on')
const cleared = document.getElementById('cleared')
const older = document.querySelector('a[rel=next]')
const total = document.querySelector('.tabs [aria-current] .count')

const waiting = [] // decisions not sent yet
const done = [] // what z takes back, the newest last: {event, cards}
let sending = 0
let timer

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

function takeAway(card) {
  const all = cards()
  const at = all.indexOf(card)
  const place = document.createComment('')
  const item = card.closest('li')
  item.replaceWith(place)
  count(-1)
  focus(all[at + 1] ?? all[at - 1])
  return { item, place, id: card.dataset.id }
}

function count(by) {
  total.textContent = (Number(total.textContent.replace(/\D/g, '')) + by).toLocaleString('en')
  cleared.hidden = Boolean(older || cards().length)
}

function bringBack(removed, problem) {
  if (!removed.place.isConnected) return
  removed.place.replaceWith(removed.item)
  count(1)
  const card = removed.item.querySelector('.entry')
  card.classList.toggle('unsaved', Boolean(problem))
  if (problem) card.dataset.unsaved = problem
}

// Saying what happened

function say(text, undoable) {
  const line = document.createElement('p')
  line.textContent = text
  outcome.replaceChildren(line)
  if (!undoable) return
  const button = document.createElement('button')
  button.className = 'plain'
  button.textContent = 'Undo'
  button.addEventListener('click', undo)
  outcome.append(button)
}

const number = (n) => `${n} comment${n === 1 ? '' : 's'}`

// Sending

async function post(path, body, key) {
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await fetch(`/api/v1/moderation/${path}`, {
        method: 'POST',
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

function decide(card, status) {
  const button = buttonOf(card, status)
  if (!button) return
  const removed = takeAway(card)
  waiting.push({ removed, decision: { id: card.dataset.id, status, version: Number(card.dataset.version) } })
  say(`${LABELS[status]}.`, true)
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
    for (const one of batch) bringBack(one.removed, 'Not saved')
    say(`Not saved: ${number(batch.length)}. Please try again.`)
  } finally {
    sending--
    if (older && !cards().length && !waiting.length && !sending) goOn()
  }
}

function settle(batch, { event, conflicts }) {
  const moved = new Map(conflicts.map((card) => [card.id, card]))
  const kept = batch.filter((one) => !moved.has(one.decision.id))
  for (const one of batch) {
    const card = moved.get(one.decision.id)
    if (card) bringBack(one.removed, `${card.decided_by ?? 'Somebody'} decided otherwise: ${card.status}`)
  }
  if (event) done.push({ event, cards: kept.map((one) => one.removed) })
  const statuses = new Set(kept.map((one) => one.decision.status))
  const what = statuses.size === 1 ? LABELS[[...statuses][0]] : 'Decided'
  if (kept.length) say(`${what}: ${number(kept.length)}.`, true)
}

/** This page is cleared: show what is left, with the last decisions still to be taken back. */
function goOn() {
  const goal = new URL(location)
  goal.searchParams.delete('after')
  const last = done.at(-1)
  if (last) {
    goal.searchParams.set('done', 'decided')
    goal.searchParams.set('changed', last.cards.length)
    goal.searchParams.set('event', last.event)
  }
  location.assign(goal)
}

async function undo() {
  await send()
  const last = done.pop()
  if (!last) return outcome.querySelector('form')?.requestSubmit()
  const answer = await post(`events/${last.event}/undo`, {}, crypto.randomUUID()).catch(() => null)
  if (!answer?.ok) {
    done.push(last)
    say('This could not be undone. Please try again.')
    return
  }
  const { changed } = await answer.json()
  await refresh(last.cards)
  say(`Undid: ${number(changed)}.`)
  focus(last.cards.at(-1)?.item.querySelector('.entry'))
}

// A comment has another version after each change, and the next decision has to name it.
async function refresh(removed) {
  await Promise.all(
    removed.map(async (one) => {
      const answer = await fetch(`/api/v1/moderation/comments/${one.id}`)
      if (!answer.ok) return
      const { version } = await answer.json()
      one.item.querySelector('.entry').dataset.version = version
      for (const field of one.item.querySelectorAll('[value]')) {
        field.value = field.value.replace(/:\d+$/, `:${version}`)
      }
      bringBack(one)
    }),
  )
}

// Keys

const KEYS = {
  a: () => decide(current(), 'approved'),
  s: () => decide(current(), 'spam'),
  d: () => decide(current(), 'trash'),
  u: () => decide(current(), 'pending'),
  z: undo,
  j: () => step(1),
  k: () => step(-1),
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
  e: () => current()?.querySelector('a.button')?.click(),
  o: () => current()?.querySelector('.where a')?.click(),
  p: () => {
    const parent = current()?.querySelector('.parent')
    if (parent) parent.open = !parent.open
  },
  '/': () => document.getElementById('q')?.focus(),
  '?': () => help.showModal(),
}
const REMOVES = new Set(['a', 's', 'd', 'u'])

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return
  if (event.target.closest('input, textarea, select')) return
  if (event.key !== '?' && !keysOn.checked) return
  const act = KEYS[event.key]
  if (!act || (event.repeat && REMOVES.has(event.key))) return
  event.preventDefault()
  act()
}

function onClick(event) {
  const button = event.target.closest('button[name="decision"]')
  const [status] = button?.value.split(':') ?? []
  if (!button || !LABELS[status]) return
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
  document.addEventListener('keydown', onKey)
  queue.addEventListener('click', onClick)
  document.addEventListener('visibilitychange', () => document.hidden && send())
  addEventListener('beforeunload', (event) => {
    if (waiting.length || sending) event.preventDefault()
  })
  focus(cards()[0])
}

if (queue) start()
