// The element itself: when it starts, when it starts again, when it stops.

import { h } from './dom.js'
import { openThread } from './thread.js'
import styles from './widget.css'

const sheet = new CSSStyleSheet()
sheet.replaceSync(styles)

export class CommentsThread extends HTMLElement {
  static observedAttributes = ['site', 'page', 'lang', 'sort', 'level']

  #life

  connectedCallback() {
    this.disconnectedCallback()
    this.#life = new AbortController()
    const { signal } = this.#life
    const shadow = this.shadowRoot || this.attachShadow({ mode: 'open' })
    shadow.adoptedStyleSheets = [sheet]
    // The children, a link or the thread itself, stay in sight until there is something better.
    const root = h('div', { class: 'root', part: 'root', tabindex: -1 }, h('slot'))
    // The element's own title is the article's, and no help to who points at a comment.
    root.title = ''
    shadow.replaceChildren(root)
    whenNear(this, () => signal.aborted || openThread(this, root, signal))
  }

  disconnectedCallback() {
    this.#life?.abort()
    this.#life = null
  }

  attributeChangedCallback() {
    if (this.#life) this.connectedCallback()
  }
}

/** Start when the reader comes near, or at once when that is asked for or a comment is. */
function whenNear(host, start) {
  if (host.hasAttribute('eager') || location.hash.split('#comment-')[1]) return start()
  new IntersectionObserver(
    (entries, observer) => {
      if (!entries.pop().isIntersecting) return
      observer.disconnect()
      start()
    },
    { rootMargin: '600px' },
  ).observe(host)
}
