/** The mark of the program: links of a chain. */
export function Brand() {
  return (
    <svg
      width="20"
      height="20"
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      aria-hidden="true"
    >
      <rect x="1.5" y="6" width="10" height="8" rx="4" />
      <rect x="8.5" y="6" width="10" height="8" rx="4" />
    </svg>
  )
}
