// One field of the form, drawn from the service's description of it.

import { button, h } from './dom.js'

// What is left is told from here on: the last 500 characters of a comment.
const NEAR_LIMIT = 1 / 20

/**
 * `spec` is `{name, type, label, required, max_length, autocomplete}`. Gives the input itself, which knows the whole as its
 * `element`, its `problem`, and how to `complain`.
 */
export function drawField(spec, say) {
  const { name, type, required, max_length: most } = spec
  const isText = type === 'textarea'
  const about = `about-${name}`
  const note = h('p', { id: about, role: 'status' })
  const input = h(isText ? type : 'input', {
    id: name,
    name,
    type,
    required,
    autocomplete: spec.autocomplete,
    part: 'input',
    'aria-describedby': about,
    // An event has nothing to complain of: what is there by now gets advice.
    input: complain,
  })
  /** Whether it is wanted and missing; whether what is there is right is the service's to say. */
  const problem = () => required && !input.value.trim() && { message: say(`required_${name}`) }

  /** Say what is wrong and give it back, or with no `message` give advice; a `suggestion` is a button that takes it. */
  function complain({ message, suggestion } = {}) {
    const count = most - [...input.value].length
    const isNear = count < most * NEAR_LIMIT
    note.className = message ? 'error' : 'quiet'
    note.textContent = message || (isNear ? say('left', { count }) : isText ? say('hint') : '')
    input.ariaInvalid = !!message
    if (suggestion) note.append(' ', button(say('use', { suggestion }), () => take(suggestion), 'plain'))
    return message
  }

  function take(suggestion) {
    input.value = suggestion
    complain()
    input.focus()
  }

  const star = required && h('span', { 'aria-hidden': true }, ' *')
  const element = h('div', null, h('label', { for: name }, spec.label, star), input, note)
  return Object.assign(input, { element, problem, complain })
}

/** A field that only a robot fills in: nobody sees it, reaches it or hears of it. */
export const drawTrap = ({ name, label }) =>
  h('label', { class: 'unseen', inert: true }, label, h('input', { name, autocomplete: 'off' }))

/** A box to tick, with its words. */
export const drawBox = ({ name, label }, change) =>
  h('label', { class: 'box' }, h('input', { type: 'checkbox', name, change }), label)
