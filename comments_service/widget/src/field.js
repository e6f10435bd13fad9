// One field of the form, drawn from the service's description of it.

import { button, h } from './dom.js'

const NEAR_LIMIT = 500

/** `spec` is `{name, type, label, required, max_length, autocomplete}`. */
export function drawField(spec, say) {
  const { name, type, required, max_length: most } = spec
  const isText = type === 'textarea'
  const about = `about-${name}`
  const note = h('p', { id: about })
  const input = h(isText ? type : 'input', {
    id: name,
    name,
    type,
    required,
    autocomplete: spec.autocomplete,
    part: 'input',
    'aria-describedby': about,
    input: () => complain(),
  })
  /** What is missing, as a sentence; whether what is there is right is the service's to say. */
  const problem = () => required && !input.value.trim() && say(`required_${name}`)

  /** Say what is wrong, or with no `message` give advice; a `suggestion` is a button that takes it. */
  function complain(message, suggestion) {
    const count = most - [...input.value].length
    const isNear = count < Math.min(NEAR_LIMIT, most / 5)
    note.className = message ? 'error' : 'quiet'
    note.textContent = message || (isNear ? say('left', { count }) : isText ? say('hint') : '')
    input.ariaInvalid = !!message
    if (suggestion) note.append(' ', button(say('use', { suggestion }), () => take(suggestion), 'plain'))
  }

  function set(text) {
    input.value = text
    complain()
  }

  function take(text) {
    set(text)
    input.focus()
  }

  const star = required && h('span', { 'aria-hidden': true }, ' *')
  const element = h('div', { class: type }, h('label', { for: name }, spec.label, star), input, note)
  return { name, input, element, problem, complain, set }
}

/** A field that only a robot fills in: nobody sees it, reaches it or hears of it. */
export const drawTrap = ({ name, label }) =>
  h('label', { class: 'unseen', inert: true, 'aria-hidden': true }, label, h('input', { name, tabindex: -1, autocomplete: 'off' }))

/** A box to tick, with its words. */
export const drawBox = ({ name, label }, change) =>
  h('label', { class: 'box' }, h('input', { type: 'checkbox', name, change }), label)
