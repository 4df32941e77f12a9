/**
 * A defect, and what it changes in the engine: functions that a module exports, or methods, accessors and the making of its classes. Each
 * is named by its type. So nothing depends on how code is written, and what is renamed or takes something else doesn't compile.
 */

export interface Defect {
  readonly name: string
  /** Where it shows. */
  readonly shape: string
  readonly changes: readonly Change[]
}

/** A change of one thing that one module exports. */
export interface Change {
  /** For people: `OrderList.isTurn`. */
  readonly place: string
  /** Imports the module. */
  readonly load: () => Promise<unknown>
  /** The name of what the module exports. */
  readonly exported: string
  /** Gives what is exported instead; what belongs to a class is changed in place. @throws TypeError if nothing of the kind is there. */
  readonly apply: (original: unknown, how: Applying) => unknown
}

export interface Applying {
  /** Called whenever what is changed is about to run. */
  readonly onRun: () => void
  /** It runs as it is: only whether it does is of interest. */
  readonly only_watch: boolean
}

type Load<Module> = () => Promise<Module>
type Callable = (...given: never[]) => unknown
type Class = abstract new (...given: never[]) => unknown
/** Names under which `T` has something of a kind. */
type NamesOf<T, Kind> = { [Name in keyof T]: T[Name] extends Kind ? Name : never }[keyof T] & string
type Made<C> = C extends abstract new (...given: never[]) => infer Instance ? Instance : never
type Make<C> = C extends abstract new (...given: infer Given) => infer Instance ? (...given: Given) => Instance : never

/** A function of which nothing is known: here all are called alike. */
type Untyped = (...given: unknown[]) => unknown
/** Gives what runs instead of `original`; asked each time that it runs. `self`: whose method it is. */
type Instead = (original: Untyped, self: unknown) => Untyped

/** A function, as those see it that import it: within its module it is called as it is. */
export function inFunction<Module, Name extends NamesOf<Module, Callable>>(
  load: Load<Module>,
  name: Name,
  instead: (original: Module[Name]) => Module[Name],
): Change
export function inFunction(load: Load<unknown>, name: string, instead: Instead): Change {
  return {
    place: name,
    load,
    exported: name,
    apply: (original, how) => {
      if (!isFunction(original)) throw new TypeError(`${name} is no function`)
      return (...given: unknown[]) => run(original, undefined, instead, how, given)
    },
  }
}

/** A method, whoever calls it; `original` is bound to `self`. */
export function inMethod<
  Module,
  ClassName extends NamesOf<Module, Class>,
  Name extends NamesOf<Made<Module[ClassName]>, Callable>,
>(
  load: Load<Module>,
  class_name: ClassName,
  name: Name,
  instead: (original: Made<Module[ClassName]>[Name], self: Made<Module[ClassName]>) => Made<Module[ClassName]>[Name],
): Change
export function inMethod(load: Load<unknown>, class_name: string, name: string, instead: Instead): Change {
  const place = `${class_name}.${name}`
  return {
    place,
    load,
    exported: class_name,
    apply: (original, how) => {
      const method: unknown = memberOf(original, name)?.value
      if (!isFunction(method)) throw new TypeError(`${place} is no method`)
      return redefined(original, name, {
        value(this: unknown, ...given: unknown[]) {
          return run(method.bind(this), this, instead, how, given)
        },
      })
    },
  }
}

/** What an accessor gives, whoever asks. */
export function inAccessor<
  Module,
  ClassName extends NamesOf<Module, Class>,
  Name extends keyof Made<Module[ClassName]> & string,
>(
  load: Load<Module>,
  class_name: ClassName,
  name: Name,
  instead: (
    original: () => Made<Module[ClassName]>[Name],
    self: Made<Module[ClassName]>,
  ) => () => Made<Module[ClassName]>[Name],
): Change
export function inAccessor(load: Load<unknown>, class_name: string, name: string, instead: Instead): Change {
  const place = `${class_name}.${name}`
  return {
    place,
    load,
    exported: class_name,
    apply: (original, how) => {
      const get = memberOf(original, name)?.get
      if (get === undefined) throw new TypeError(`${place} is no accessor`)
      return redefined(original, name, {
        get(this: unknown) {
          return run(get.bind(this), this, instead, how, [])
        },
      })
    },
  }
}

/** How instances of a class are made by those that import it; `original` makes one. */
export function inConstructor<Module, ClassName extends NamesOf<Module, Class>>(
  load: Load<Module>,
  class_name: ClassName,
  instead: (original: Make<Module[ClassName]>) => Make<Module[ClassName]>,
): Change
export function inConstructor(load: Load<unknown>, class_name: string, instead: Instead): Change {
  const place = `new ${class_name}`
  return {
    place,
    load,
    exported: class_name,
    apply: (original, how) => {
      if (!isFunction(original)) throw new TypeError(`${class_name} is no class`)
      return new Proxy(original, {
        construct: (_, given, new_target) => {
          const make: Untyped = (...others) => Reflect.construct(original, others, new_target)
          const made = run(make, undefined, instead, how, given)
          if (typeof made !== 'object' || made === null) throw new TypeError(`${place} has made ${typeof made}`)
          return made
        },
      })
    },
  }
}

/** The same object, as it seems to be whose members `changed` are others. */
export function but<T extends object>(object: T, changed: Partial<T>): T {
  return new Proxy(object, {
    get: (_, name) => {
      if (Object.hasOwn(changed, name)) return Reflect.get(changed, name)
      const member: unknown = Reflect.get(object, name, object)
      return isFunction(member) ? member.bind(object) : member
    },
  })
}

function run(original: Untyped, self: unknown, instead: Instead, how: Applying, given: readonly unknown[]): unknown {
  how.onRun()
  return (how.only_watch ? original : instead(original, self))(...given)
}

/** What a class has of its own. */
function memberOf(class_: unknown, name: string): PropertyDescriptor | undefined {
  return isFunction(class_) ? Object.getOwnPropertyDescriptor(class_.prototype, name) : undefined
}

function redefined(class_: unknown, name: string, member: PropertyDescriptor): unknown {
  if (isFunction(class_)) Object.defineProperty(class_.prototype, name, { ...member, configurable: true })
  return class_
}

function isFunction(value: unknown): value is Untyped {
  return typeof value === 'function'
}
