// Draws a comment's body from the tree the server sends: `[tag, {attributes}?, ...children]`, a child is text or a tree.
// The server's word is not taken for it: only the tags and addresses named here get into the page.

import { h } from './dom.js'

const TAGS = /^(p|br|em|strong|del|code|pre|blockquote|ul|ol|li|hr)$/

export const drawBody = (body) => h('div', { dir: 'auto', part: 'body', class: 'body' }, body.map(draw))

/** A link that lends the commenter no authority; plain text when the address is not one of the web or of mail. */
export const link = (href, children) =>
  /^(https?|mailto):/i.test(href)
    ? h('a', { href, rel: 'nofollow ugc noopener' }, children)
    : h('span', null, children)

function draw(node) {
  if (!node.map) return `${node}`
  const [tag, ...rest] = node
  const { href, start } = rest[0] || {}
  // Texts and trees can be indexed, attributes cannot.
  const drawn = rest.filter((child) => child.at).map(draw)
  return tag === 'a' ? link(href, drawn) : h(TAGS.test(tag) ? tag : 'span', { start }, drawn)
}
