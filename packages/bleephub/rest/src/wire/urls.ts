/** The addresses that an answer's links begin with; they are what the client itself called. */
export interface Urls {
  /** Of the REST API, without a slash at its end. */
  readonly api: string
  /** Of the web pages and of git. */
  readonly html: string
  /** Of uploads. */
  readonly uploads: string
  readonly graphql: string
}

/** The addresses seen by a client that called `scheme://host`; `api.` hosts speak as github.com does, others as GHES. */
export const urlsOf = (scheme: string, host: string): Urls => {
  if (host.startsWith("api.") || host.startsWith("uploads.")) {
    const name = host.replace(/^(api|uploads)\./, "")
    return {
      api: `${scheme}://api.${name}`,
      html: `${scheme}://${name}`,
      uploads: `${scheme}://uploads.${name}`,
      graphql: `${scheme}://api.${name}/graphql`
    }
  }
  return {
    api: `${scheme}://${host}/api/v3`,
    html: `${scheme}://${host}`,
    uploads: `${scheme}://${host}/api/uploads`,
    graphql: `${scheme}://${host}/api/graphql`
  }
}
