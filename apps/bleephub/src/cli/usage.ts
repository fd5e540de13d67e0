/** What `bleephub --help` prints. */
export const usage = `bleephub: a GitHub server for gh, git and Octokit

  bleephub [up]                       start: http, https and a unix socket at once
  bleephub user add LOGIN [--name N] [--email E]
  bleephub token add LOGIN [--scopes a,b]
  bleephub org add LOGIN [--owner LOGIN]
  bleephub repo add OWNER/NAME [--private] [--init]
  bleephub seed FILE.yml              users, tokens, orgs and repos of a file

  --state DIR      where everything is kept (default: ~/.local/state/bleephub)
  --http ADDRESS   default 127.0.0.1:8980; port 0 takes a free one
  --https ADDRESS  default 127.0.0.1:8943
  --socket PATH    default STATE/bleephub.sock
`
