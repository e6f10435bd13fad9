// All talk with the service.

const WAIT = 15000
const PAUSE = 800

/** Where the script came from is where the service is. */
export const SERVICE = new URL('.', document.currentScript.src).href

/**
 * Ask `path` of the service's API: `{ok, status, data}`.
 * `repeats` is how often to ask again when the network or the service fails; throws when the network fails to the end.
 */
export async function ask(path, method, body, headers, repeats = 0) {
  for (let turn = 0; ; turn++) {
    try {
      const answer = await fetch(`${SERVICE}api/v1/${path}`, {
        method,
        headers,
        body: body && new Blob([JSON.stringify(body)], { type: 'application/json' }),
        // Never an older answer than the service has: what was just decided shows. Unchanged, it costs a 304.
        cache: 'no-cache',
        signal: AbortSignal.timeout(WAIT),
      })
      const { ok, status } = answer
      // A proxy's own error page is no JSON: then the status alone must do.
      const data = await answer.json().catch(() => ({}))
      if (status < 500 || turn >= repeats) return { ok, status, data }
    } catch (failure) {
      if (turn >= repeats) throw failure
    }
    await new Promise((resume) => setTimeout(resume, PAUSE * 3 ** turn))
  }
}

/** What the service says is wrong, in a sentence. */
export const complaint = ({ errors, detail }) => errors?.[0].message || detail
