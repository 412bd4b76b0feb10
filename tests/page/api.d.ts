// The types of the API's answers, for the page's modules. `openapi.ts` is made from `/openapi.json`.

import type { components } from '../../target/page/openapi';

type Schemas = components['schemas'];

declare global {
  namespace Api {
    type Audit = Schemas['Audit'];
    type Books = Schemas['Books'];
    type Change = Schemas['LoggedChange'];
    type CallingOff = Schemas['CallingOff'];
    type Concert = Schemas['Concert'];
    type DateOfShow = Schemas['DateOfShow'];
    type HeldSeats = Schemas['HeldSeats'];
    type ListedConcert = Schemas['ListedConcert'];
    type ListedQueue = Schemas['QueueOfList'];
    type OrderOfShow = Schemas['OrderOfShow'];
    type Payment = Schemas['PaymentOfUser'];
    type Plan = Schemas['Plan'];
    type Queue = Schemas['PublicQueue'];
    type QueueState = Schemas['WatchedQueue'];
    type Reservation = Schemas['Reservation'];
    type Round = Schemas['RoundOfAudit'];
    type Service = Schemas['Service'];
    type SessionOfUser = Schemas['SessionOfUser'];
    type Settings = Schemas['ServiceSettings'];
    type Show = Schemas['Show'];
    type Standing = Schemas['Standing'];
    type StatementEntry = Schemas['StatementEntry'];
    type User = Schemas['User'];
    type Violation = Schemas['Violation'];

    // Some errors have more than the schema says: what they name.
    type Error = Schemas['Error'] & { seat_numbers?: number[]; longest?: number; free?: number; at?: string; changed_by?: string; changed_at?: string };
  }
}
