/** Whether a message matches a filter pattern of terms: all plain ones, any of the `?` ones, none of the `-` ones. */
export const matchesPattern = (pattern: string, message: string): boolean => {
  const terms = [...pattern.matchAll(/([?-]?)(?:"([^"]*)"|(\S+))/g)].map(([, mark = "", quoted, plain]) => ({
    mark,
    text: quoted ?? plain ?? ""
  }))
  const has = ({ text }: { readonly text: string }): boolean => message.includes(text)
  const any = terms.filter((term) => term.mark === "?")
  return (
    terms.filter((term) => term.mark === "").every(has) &&
    (any.length === 0 || any.some(has)) &&
    !terms.filter((term) => term.mark === "-").some(has)
  )
}
