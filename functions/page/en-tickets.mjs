// What the page says in English about tickets and accounts. `ko-tickets.mjs` has the same keys.

/**
 * The texts of the screen. A text with parts is a function of them.
 *
 * @satisfies {import('./texts.mjs').TicketTexts}
 */
export const texts = {
  ticketsTitle: 'My tickets',
  noTickets: 'You have no tickets yet.',
  noUser: 'Nobody has bought tickets in this browser. If you have an account, log in.',
  ticketOf: (name) => `Tickets of ${name}`,
  refunded: 'refunded',
  refundReason: (reason) => `Reason for the refund: ${reason}`,
  refund: 'Refund',
  refundChoose: 'Which seats do you want to give back?',
  refundGo: (amount) => `Get ${amount} back`,
  refundDone: (balance) => `Refunded. Your balance is ${balance} now.`,
  refundNone: 'Choose the seats first.',
  statement: 'Statement',
  statementEmpty: 'Nothing has happened yet.',
  entry: { CHARGE: 'Top-up', PAYMENT: 'Payment', REFUND: 'Refund', CORRECTION: 'Correction' },
  entryBalance: 'Balance',
  entryWhat: 'What',
  entryAmount: 'Amount',
  paidAt: (when) => `Paid on ${when}`,
  timeLeft: 'Time left',
  account: 'My account',
  guestText: 'You are a guest. If you clear this browser, you cannot see your tickets again.',
  accountOf: (email) => `Your account is ${email}.`,
  makeAccountText: 'Your tickets and your place stay as they are.',
  logIn: 'Log in',
  logInText: 'See the tickets that you have bought on another device. If you are in a line already, join it again here: you keep your place.',
  logInLosesGuest: 'If you log in to another account, you cannot see the tickets and places of this guest again.',
  logInAgain: 'Your log-in has expired. Log in again. Your place and your tickets are safe.',
  logOut: 'Log out',
  logOutText: 'This logs you out on every device. You keep your place in line.',
  email: 'E-mail',
  password: 'Password',
  passwordHint: 'At least 10 characters',
  accountMade: 'You have an account now. You can log in everywhere.',
  loggedIn: 'You are logged in.',
  forget: 'Forget me here',
  forgetText: 'Removes your name, your places and your tickets from this browser.',
  forgetGuest: 'The tickets and places of a guest cannot be found again. Do you want to forget them?',
  forgetYes: 'Forget them',
  forgotten: 'This browser has forgotten you.',
};

/** A text for each error that only this screen gets, by its code. */
export const errors = {
  EMAIL_TAKEN: 'There is an account with this address already. Log in.',
  REFUND_CLOSED: 'The time for a refund is over. Ask the organiser.',
  TOO_MANY_ATTEMPTS: 'The password was wrong too often. Try again in a while.',
};
