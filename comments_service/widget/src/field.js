// One field of the form, drawn from the service's description of it.

import { button, h } from './dom.js'

const NEAR_LIMIT = 500

/** `spec` is `{name, type, label, required, max_length, autocomplete}`. */
export function drawField({ name, type, label, required, max_length: most, autocomplete }, say) {
  const isText = type === 'textarea'
  const error = h('p', { class: 'error', id: `error-${name}` })
  const hint = h('p', { class: 'quiet', id: `hint-${name}` })
  const input = h(isText ? type : 'input', {
    name,
    id: name,
    type,
    autocomplete,
    required: required ? '' : null,
    part: 'input',
    'aria-describedby': `error-${name} hint-${name}`,
    input: changed,
    change: complete,
  })

  const left = () => most - [...input.value].length

  /** What the browser can tell is wrong, as a sentence; the rest is the service's to say. */
  function problem() {
    const text = input.value.trim()
    if (!text) return required && say(`required_${name}`)
    if (left() < 0) return say('too_long', { count: -left() })
    return type === 'email' && !/.@./.test(text) && say('invalid_email')
  }

  /** Say what is wrong, or with no message that nothing is; a `suggestion` is a button that takes it. */
  function complain({ message, suggestion } = {}) {
    const take = () => {
      set(suggestion)
      input.dispatchEvent(new Event('input', { bubbles: true }))
      input.focus()
    }
    input.setAttribute('aria-invalid', !!message)
    error.replaceChildren(message || '')
    if (suggestion) error.append(' ', button(say('use', { suggestion }), take, 'plain'))
    return message && input
  }

  function changed() {
    complain()
    const count = left()
    const isNear = count >= 0 && count < Math.min(NEAR_LIMIT, most / 5)
    hint.textContent = isNear ? say('left', { count }) : isText ? say('hint') : ''
  }

  /** "example.org" in a field for web addresses is meant to be one. */
  function complete() {
    if (type === 'url' && /^[^:\s]+\.[^:\s]+$/.test(input.value)) input.value = `https://${input.value}`
  }

  function set(text) {
    input.value = text
    changed()
  }

  const star = required && h('span', { 'aria-hidden': true }, ' *')
  const element = h('div', { class: type }, h('label', { for: name }, label, star), input, error, hint)
  set('')
  return { name, input, element, problem, complain, set }
}

/** A field that only a robot fills in: nobody sees it, reaches it or hears of it. */
export const drawTrap = ({ name, label }) =>
  h('label', { class: 'unseen', inert: '', 'aria-hidden': true }, label, h('input', { name, tabindex: -1, autocomplete: 'off' }))

/** A box to tick, with its words. */
export const drawBox = ({ name, label }, change) =>
  h('label', { class: 'box' }, h('input', { type: 'checkbox', name, change }), label)
