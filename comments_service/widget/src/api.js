// All talk with the service.

const WAIT = 15000
const PAUSE = 800

/** Where the script came from is where the service is. */
export const SERVICE = new URL('.', document.currentScript.src).href

/**
 * Ask `path` of the service's API with the `query`: what it answers, and whether it did what was asked (`ok`). Nothing else is said by what
 * is no JSON, such as a proxy's own error page, and by a network that fails.
 * `repeats` is how often to ask again when the network or the service fails.
 */
export async function ask(path, query, method, body, headers, repeats = 0) {
  for (let turn = 0; ; turn++) {
    const answer = await fetch(`${SERVICE}api/v1/${path}?${new URLSearchParams(query)}`, {
      method,
      headers,
      body: body && new Blob([JSON.stringify(body)], { type: 'application/json' }),
      // Never an older answer than the service has: what was just decided shows. Unchanged, it costs a 304.
      cache: 'no-cache',
      signal: AbortSignal.timeout(WAIT),
    }).catch(() => null)
    if (answer?.status < 500 || turn >= repeats) return { ...(await answer?.json().catch(() => null)), ok: answer?.ok }
    await new Promise((resume) => setTimeout(resume, PAUSE * 3 ** turn))
  }
}

/** What an answer finds wrong, in a sentence. */
export const complaint = ({ errors, detail }, say) => errors?.[0].message || detail || say('unsent')
