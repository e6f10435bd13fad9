// The comments in their places: replies below what they answer, the deepest side by side.

import { drawComment } from './comment.js'
import { h } from './dom.js'

/** `deepest` is how many levels the site wants to see. */
export function makeList(thread, deepest) {
  const element = h('ol')
  // By id: `{article, comment, depth, replies, answers}`, the last only when the place does not say what is answered.
  const items = new Map()

  /** Show `comment`, in its old place when it has one; `own` is what its writer may do with it. */
  function put(comment, own) {
    const item = items.get(comment.id) || place(comment, own)
    const article = drawComment(comment, thread, own, item.answers)
    item.article.replaceWith(article)
    item.article = article
    item.comment = comment
  }

  function place({ id, parent }, own) {
    const above = items.get(parent)
    const isDeep = above?.depth >= deepest
    const item = {
      article: h('article'),
      answers: isDeep && above.comment,
      depth: isDeep ? deepest : above ? above.depth + 1 : 1,
      replies: isDeep ? above.replies : h('ol'),
    }
    const place = h('li', null, item.article, !isDeep && item.replies)
    // One's own new comment stands where one looks.
    if (own && !above && thread.isNewestFirst()) element.prepend(place)
    else (above?.replies || element).append(place)
    items.set(id, item)
    return item
  }

  return {
    element,
    put,
    get: (id) => items.get(id),
    ids: () => [...items.keys()],
    /** Go to the comment `id`, if it is here. */
    visit: (id) => items.get(id)?.article.focus(),
    remove(id) {
      items.get(id)?.article.remove()
      items.delete(id)
    },
  }
}
