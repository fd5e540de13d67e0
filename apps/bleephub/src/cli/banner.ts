import type { Started } from "../server/start.ts"

/** What a started server tells: where it is and how each client reaches it. */
export const banner = (started: Started, host: string, millis: number): string => {
  const http = `http://${host}:${started.httpPort}`
  const https = `${host}:${started.httpsPort}`
  return `bleephub is ready (${millis} ms)

  http     ${http}
  https    https://${https}   (authority: ${started.authorityFile})
  socket   ${started.socket}
  token    ${started.adminToken}   (user admin)

  gh       export GH_HOST=${https} GH_ENTERPRISE_TOKEN=${started.adminToken} SSL_CERT_FILE=${started.authorityFile}
  git      git clone http://x-access-token:${started.adminToken}@${host}:${started.httpPort}/OWNER/REPO.git
  Octokit  new Octokit({ baseUrl: "${http}/api/v3", auth: "${started.adminToken}" })
`
}
