// Writes the number of comments into the links of an index page, all of a site's in one request.

import { ask } from './api.js'

const MOST = 100

export function fillCounts() {
  const links = document.querySelectorAll('[data-comments-count]')
  const sites = Object.groupBy(links, (link) => link.dataset.commentsSite)
  for (const site in sites) while (sites[site].length) fill(site, sites[site].splice(0, MOST))
}

async function fill(site, links) {
  const pageOf = (link) => link.dataset.commentsCount
  try {
    const { data } = await ask(`sites/${site}/counts?${new URLSearchParams(links.map((link) => ['page', pageOf(link)]))}`)
    for (const link of links) link.textContent = withCount(link.textContent, data.counts[pageOf(link)])
  } catch {
    // Without the service a link keeps the words its author gave it.
  }
}

/** "0 comments" becomes "3 comments", "Comments" becomes "Comments (3)", and nothing "3". */
function withCount(words, count) {
  return words.replace(/\d+|$/, (found) => (found || !words ? count : ` (${count})`))
}
