// Builds elements. Nothing else writes to the page, and nothing here takes markup: text stays text.

/**
 * An element with attributes and children, also in lists; falsy ones are left out. A function among the attributes
 * listens to the event of that name.
 */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag)
  for (const name in attributes) {
    const value = attributes[name]
    if (value?.call) element.addEventListener(name, value)
    else if (value) element.setAttribute(name, value)
  }
  element.append(...children.flat().filter(Boolean))
  return element
}

/** A button that does nothing but `click`; `look` is a class: `plain`, none, or `main` for the one that submits. */
export const button = (label, click, look, attributes) =>
  h(
    'button',
    { type: 'button', part: 'button', class: look, click, ...attributes },
    // Of its own, because the button's colour makes the words' colour.
    h('span', null, label),
  )
