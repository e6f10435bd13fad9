// Writes the number of comments into the links of an index page, all of a site's in one request.

import { ask } from './api.js'

const MOST = 100

export function fillCounts() {
  const sites = {}
  for (const link of document.querySelectorAll('[data-comments-count]')) {
    const { commentsSite: site, commentsCount: page } = link.dataset
    const pages = (sites[site] ||= {})
    pages[page] = [...(pages[page] || []), link]
  }
  for (const site in sites) {
    const pages = Object.entries(sites[site])
    while (pages.length) fill(site, pages.splice(0, MOST))
  }
}

async function fill(site, pages) {
  try {
    const query = new URLSearchParams(pages.map(([page]) => ['page', page]))
    const { data } = await ask(`sites/${site}/counts?${query}`)
    for (const [page, links] of pages) for (const link of links) write(link, data.counts[page])
  } catch {
    // Without the service a link keeps the words its author gave it.
  }
}

/** "0 comments" becomes "3 comments", "Comments" becomes "Comments (3)", and an empty link "3". */
function write(link, count) {
  const words = link.textContent.trim()
  if (/\d/.test(words)) link.textContent = words.replace(/\d+/, count)
  else link.textContent = words ? `${words} (${count})` : count
}
