// The comments in their places: replies below what they answer, deep ones side by side.

import { drawComment } from './comment.js'
import { h } from './dom.js'

const DEEPEST = 3

export function makeList(thread) {
  const element = h('ol')
  const items = new Map()

  /** Show `comment`, in its old place when it has one; `own` is what its writer may do with it. */
  function put(comment, own) {
    const item = items.get(comment.id) || place(comment, own)
    const article = drawComment(comment, thread, own, item.answers)
    item.article.replaceWith(article)
    Object.assign(item, { article, comment })
  }

  function place({ id, parent }, own) {
    const above = items.get(parent)
    const isDeep = above?.depth === DEEPEST
    const item = {
      article: h('article'),
      answers: isDeep && above.comment,
      depth: isDeep ? DEEPEST : above ? above.depth + 1 : 0,
      replies: isDeep ? above.replies : h('ol'),
    }
    const list = above ? above.replies : element
    // One's own new comment stands where one looks.
    const isFirst = own && !above && thread.isNewestFirst()
    list[isFirst ? 'prepend' : 'append'](h('li', null, item.article, !isDeep && item.replies))
    items.set(id, item)
    return item
  }

  /** Outline the comment `id` and go there. */
  function mark(id) {
    const article = items.get(id)?.article
    if (!article) return
    element.querySelector('.target')?.classList.remove('target')
    article.classList.add('target')
    article.scrollIntoView({ block: 'center' })
    article.focus({ preventScroll: true })
  }

  return {
    element,
    put,
    mark,
    has: (id) => items.has(id),
    ids: () => [...items.keys()],
    focus: (id) => items.get(id)?.article.focus(),
    /** The element in the comment `id` that `selector` names. */
    part: (id, selector) => items.get(id).article.querySelector(selector),
    /** Put `form` below the comment `id`; gives the comment, if it is here. */
    answer(id, form) {
      const item = items.get(id)
      item?.article.after(form)
      return item?.comment
    },
    remove(id) {
      items.get(id)?.article.remove()
      items.delete(id)
    },
    clear() {
      items.clear()
      element.replaceChildren()
    },
  }
}
