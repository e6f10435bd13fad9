// Builds elements. Nothing else writes to the page, and nothing here takes markup: text stays text.

/**
 * An element with attributes and children. A function among the attributes listens to the event of that name;
 * `null`, `undefined` and `false` leave an attribute or a child out.
 */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag)
  for (const name in attributes) {
    const value = attributes[name]
    if (isThere(value)) value.call ? element.addEventListener(name, value) : element.setAttribute(name, value)
  }
  element.append(...children.filter(isThere))
  return element
}

/** A button that does nothing but `click`; `look` is a class: `main`, `plain` or none. */
export const button = (label, click, look, attributes) =>
  h('button', { type: 'button', part: 'button', class: look, click, ...attributes }, label)

const isThere = (value) => value != null && value !== false
