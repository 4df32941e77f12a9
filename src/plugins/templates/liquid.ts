/** LiquidJS, for whoever compiles a template: a module of its own, since most pipelines have none. */
export { Liquid } from 'liquidjs'
