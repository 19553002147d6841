export { seat } from './seat'
export type { Seat, SeatState } from './seat'
