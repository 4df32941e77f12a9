/** Small signs, each with a shape of its own, in the colour of the text around them. They say nothing by themselves: a word stands beside each. */
import type { ReactNode } from 'react'

const SHAPES = {
  check: <path d="M3.5 8.5l3 3 6-7" />,
  cross: <path d="M4 4l8 8M12 4l-8 8" />,
  diamond: <path d="M8 1.8L14.2 8 8 14.2 1.8 8zM8 5v3.4M8 10.6v.6" />,
  dot: <circle cx="8" cy="8" r="4.5" fill="currentColor" />,
  ring: <circle cx="8" cy="8" r="5" />,
  half: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill="currentColor" />
    </>
  ),
  onward: <path d="M3 4l4 4-4 4M9 4l4 4-4 4" />,
  dash: <path d="M3 8h10" />,
  pause: <path d="M5.5 3.5v9M10.5 3.5v9" />,
  columns: <path d="M2.5 3.5h11v9h-11zM6.2 3.5v9M9.8 3.5v9" />,
  square: <rect x="3.5" y="3.5" width="9" height="9" rx="1" />,
  copy: (
    <>
      <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
      <path d="M3.5 10.5h-1v-8h8v1" />
    </>
  ),
  info: <path d="M8 7.2v4.3M8 4.5v.6M14.2 8A6.2 6.2 0 1 1 1.8 8a6.2 6.2 0 0 1 12.4 0z" />,
  warning: <path d="M8 2l6.5 11.5h-13zM8 6.5v3.2M8 11.4v.4" />,
  broken: (
    <path d="M6.2 4.5L4.6 2.9M9.8 11.5l1.6 1.6M4 6.5H2M14 9.5h-2M7 9l-2.2 2.2a2.1 2.1 0 0 1-3-3L4 6M9 7l2.2-2.2a2.1 2.1 0 0 1 3 3L12 10" />
  ),
  search: <path d="M11.2 7a4.2 4.2 0 1 1-8.4 0 4.2 4.2 0 0 1 8.4 0zM10.2 10.2L14 14" />,
  sun: (
    <path d="M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1" />
  ),
  moon: <path d="M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z" />,
  screen: <path d="M2 3h12v8H2zM6 14h4M8 11v3" />,
  keyboard: <path d="M1.5 4h13v8.5h-13zM4 6.7h.1M6.7 6.7h.1M9.3 6.7h.1M12 6.7h.1M4.5 9.8h7" />,
  play: <path d="M5 3l8 5-8 5z" />,
  stop: <rect x="4" y="4" width="8" height="8" rx="1" />,
  swap: <path d="M3 5.5h9.5M10 3l2.5 2.5L10 8M13 10.5H3.5M6 8l-2.5 2.5L6 13" />,
  again: <path d="M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3" />,
  arrow: <path d="M3 8h10M9 4l4 4-4 4" />,
  download: <path d="M8 2v8M4.5 7L8 10.5 11.5 7M2.5 13.5h11" />,
} satisfies { readonly [name: string]: ReactNode }

export type IconName = keyof typeof SHAPES

export function Icon({
  name,
  size = 16,
  className,
}: {
  readonly name: IconName
  readonly size?: number
  readonly className?: string
}) {
  return (
    <svg
      className={className}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {SHAPES[name]}
    </svg>
  )
}
