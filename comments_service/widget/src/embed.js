// The entry: finds everything on the page that asks for comments and brings it to life.

import { fillCounts } from './counts.js'
import { CommentsThread } from './element.js'

const TAG = 'comments-thread'

/** Put a `<comments-thread>` with the same settings into each `<div data-comments-site>`, around what is in it. */
function upgradeDivisions() {
  for (const division of document.querySelectorAll('div[data-comments-site]')) {
    const thread = document.createElement(TAG)
    for (const name in division.dataset) {
      const own = name.split('comments')[1]
      if (own) thread.setAttribute(own, division.dataset[name])
    }
    thread.append(...division.childNodes)
    division.append(thread)
  }
}

function start() {
  upgradeDivisions()
  fillCounts()
}

// The page may have pasted the snippet twice.
if (!customElements.get(TAG)) {
  customElements.define(TAG, CommentsThread)
  if (document.readyState === 'loading') addEventListener('DOMContentLoaded', start)
  else start()
}
