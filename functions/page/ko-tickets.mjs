// What the page says in Korean about tickets and accounts. `en-tickets.mjs` has the same keys.

/**
 * The texts of the screen. A text with parts is a function of them.
 *
 * @satisfies {Record<string, string | ((...parts: any[]) => string | string[]) | Record<string, string | string[]>>}
 */
export const texts = {
  ticketsTitle: '내 티켓',
  noTickets: '아직 예매한 티켓이 없습니다.',
  noUser: '아직 예매한 적이 없는 브라우저입니다. 회원이라면 로그인해 주세요.',
  ticketOf: (name) => `${name}님의 티켓`,
  refunded: '환불됨',
  refundReason: (reason) => `환불 사유: ${reason}`,
  refund: '환불하기',
  refundChoose: '환불할 좌석을 골라 주세요.',
  refundGo: (amount) => `${amount} 환불하기`,
  refundDone: (balance) => `환불했습니다. 지금 잔액: ${balance}`,
  refundNone: '환불할 좌석을 먼저 골라 주세요.',
  statement: '잔액 내역',
  statementEmpty: '아직 내역이 없습니다.',
  entry: { CHARGE: '충전', PAYMENT: '결제', REFUND: '환불', CORRECTION: '정정' },
  entryBalance: '잔액',
  entryWhat: '구분',
  entryAmount: '금액',
  paidAt: (when) => `${when} 결제`,
  timeLeft: '남은 시간',
  account: '내 계정',
  guestText: '손님으로 이용 중입니다. 이 브라우저의 기록을 지우면 티켓을 다시 볼 수 없습니다.',
  accountOf: (email) => `${email} 회원입니다.`,
  makeAccountText: '지금 티켓과 순서는 그대로 이어집니다.',
  logIn: '로그인',
  logInText: '다른 기기에서 예매한 티켓을 볼 수 있습니다. 이미 선 줄은 그 공연에서 줄 서기를 누르면 이어집니다.',
  logInLosesGuest: '다른 계정으로 로그인하면 이 브라우저에 있는 손님의 티켓과 순서는 더 볼 수 없습니다.',
  logInAgain: '로그인이 만료되었습니다. 다시 로그인해 주세요. 순서와 티켓은 그대로입니다.',
  logOut: '로그아웃',
  logOutText: '모든 기기에서 로그아웃됩니다. 서 있던 순서는 그대로입니다.',
  email: '이메일',
  password: '비밀번호',
  passwordHint: '10자 이상',
  accountMade: '회원이 되었습니다. 이제 어디서나 로그인할 수 있습니다.',
  loggedIn: '로그인했습니다.',
  forget: '이 브라우저에서 지우기',
  forgetText: '이 브라우저에 저장된 이름, 순서, 티켓 정보를 지웁니다.',
  forgetGuest: '손님의 티켓과 순서는 다시 찾을 수 없습니다. 정말 지울까요?',
  forgetYes: '지우기',
  forgotten: '이 브라우저에서 지웠습니다.',
};

/** A text for each error that only this screen gets, by its code. */
export const errors = {
  EMAIL_TAKEN: '이미 가입된 이메일입니다. 로그인해 주세요.',
  REFUND_CLOSED: '환불 기간이 지났습니다. 운영자에게 문의해 주세요.',
  TOO_MANY_ATTEMPTS: '비밀번호를 여러 번 틀렸습니다. 잠시 뒤 다시 시도해 주세요.',
};
