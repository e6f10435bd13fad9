// The entry: finds everything on the page that asks for comments and brings it to life, whenever it comes.

import { fillCounts } from './counts.js'
import { CommentsThread } from './element.js'

const TAG = 'comments-thread'
const seen = new WeakSet()

/** Put a `<comments-thread>` with the same settings into a `<div data-comments-site>`, around what is in it. */
function upgrade(division) {
  const thread = document.createElement(TAG)
  for (const name in division.dataset) {
    const own = name.split('comments')[1]
    if (own) thread.setAttribute(own, division.dataset[name])
  }
  thread.append(...division.childNodes)
  division.append(thread)
}

/** Bring to life what was not there before. */
function look() {
  const links = {}
  for (const place of document.querySelectorAll('[data-comments-site]')) {
    const { commentsSite: site, commentsCount: page } = place.dataset
    if (seen.has(place)) continue
    seen.add(place)
    if (page) (links[site] ||= []).push(place)
    else upgrade(place)
  }
  for (const site in links) fillCounts(site, links[site])
}

function start() {
  look()
  new MutationObserver(look).observe(document, { childList: true, subtree: true })
}

// The page may have pasted the snippet twice.
if (!customElements.get(TAG)) {
  customElements.define(TAG, CommentsThread)
  if (document.readyState === 'loading') addEventListener('DOMContentLoaded', start)
  else start()
}
