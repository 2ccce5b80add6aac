package fault

// The phrases by which messages tell what no code said, in the languages in which
// they were seen, all in lower case. A bar divides them, a star stands for a few
// words. They are parts of the rows of answers.

// Money. moneyLoud are phrases that nobody writes by chance: they count also
// against a code or a type that says something else.
const (
	moneyLoud = "exceeded your current quota|insufficient balance|insufficient account balance|balance is insufficient|" +
		"balance is not enough|balance*is too low|balance too low|not enough balance|not_enough_balance|" +
		"insufficient credit|not enough credit|out of credits|run out of credit|no credits|any credits|no remaining credit|" +
		"credits expired|exhausted*credit|trial credits|free credits|trial has ended|trial has expired|non-payment|nonpayment|subscription is not active|credits*exhausted|credit*exhausted|credits have been used|used all available credits|monthly included credits|" +
		"credit limit exceeded|credit limit is insufficient|exceeded*credit limit|requires more credits|can only afford|" +
		"insufficient funds|insufficient quota available|billing hard limit has been reached|check your billing|" +
		"requires billing|billing to be enabled|billing is not enabled|billing account*disabled|" +
		"monthly spending limit|spending limit*reached|spend limit*reached|reached*spend limit|reached*spending limit|exceeded*spending limit|" +
		"spending cap|out of extra usage|out of usage|out of call volume quota|user quota is not enough|token quota is not enough|quota is not enough|key limit exceeded|" +
		"budget has been exceeded|exceededbudget|crossed budget|exceeded budget|over budget|exceeded your budget|budget limit exceeded|" +
		"overdue balance|account*overdue|overdue payment|in arrears|account*good standing|past due|unpaid invoice|past invoices|" +
		"requires paid balance|inference prohibited|specified api usage limits|usage limit for this billing cycle|" +
		"free tier*exhausted|free allocated quota|free quota|calls / month|monthly usage limit|monthly quota|monthly*quota|key usage limit|usage limits exceeded|no active subscription|" +
		moneyChinese + "|" + moneyElsewhere
	moneyChinese = "余额不足|余额*不足|餘額*不足|余额不够|余额已用|余额耗尽|余额为|额度*不足|額度*不足|额度不够|额度已用|額度已用|额度用尽|额度用完|额度已耗尽|额度已达|" +
		"配额*不足|配额已用|欠费|欠費|请充值|請充值|请先充值|预扣费*失败|无可用资源包|资源包余量|资源包*用尽|资源包*用完|资源包*耗尽|套餐*到期|套餐*过期|" +
		"订阅*过期|订阅*到期|免费额度|账户*停用|未开通*付费|积分不足|点数不足"
	moneyElsewhere = "残高不足|残高が不足|残高が足り|クレジットが不足|クレジット不足|クレジットが足り|" +
		"잔액이 부족|잔액 부족|크레딧이 부족|크레딧 부족|" +
		"saldo insuficiente|créditos insuficientes|creditos insuficientes|crédito insuficiente|sin crédito|sem saldo|" +
		"solde insuffisant|crédit insuffisant|crédits insuffisants|credito insufficiente|sem crédito|saldo insufficiente|" +
		"guthaben*aufgebraucht|guthaben reicht nicht|genügend guthaben|guthaben*erschöpft|kein guthaben|unzureichendes guthaben|" +
		"недостаточно средств|недостаточно кредитов|баланс исчерпан|yetersiz bakiye|bakiye yetersiz|số dư không đủ|không đủ số dư|saldo tidak"
	// moneyWeak are words that other messages use as well.
	moneyWeak = "quota exceeded|exceeded*quota|quota*exceeded|quota has been|quota*exhausted|quota*used up|out of quota|insufficient_quota|insufficient quota|" +
		"billing hard limit|billing_not_active|spending limit|spend limit|out of credit|payment method|payment required|" +
		"purchase more|add credits|add funds|please recharge|top up|subscription*expired|plan*expired|trial*expired|" +
		"insufficient_balance|insufficient_credit|budget exceeded|monthly budget|用完|用尽|耗尽|充值|配额|クォータ|할당량|kontingent*erschöpft|cuota*excedid|cuota*agotad|quota dépassé|квота"
)

// Load.
const (
	loadLoud = "experiencing high demand|due to high demand|high demand*try again|is overloaded|are overloaded|currently overloaded|temporarily overloaded|" +
		"server overload|service overload|engine*overloaded|model overloaded|overloaded. please|overloaded, please|overloaded with other requests|overloaded_error|" +
		"over capacity|at capacity|no capacity|capacity exceeded|capacity*exceeded|exceeded*capacity|capacity limits|capacity constraint|lack of capacity|" +
		"insufficient capacity|capacity is insufficient|out of capacity|maximum capacity|full capacity|capacity, try again|capacity reached|capacity exhausted|capacity_exhausted|high traffic|high load|heavy traffic|under load|heavy load|" +
		"temporarily unable to process|unable to handle additional requests|server is busy|server busy|servers are busy|server too busy|service is busy|system is busy|too busy|" +
		"model busy|model is busy|currently busy|maximum pending requests|queue is full|queue position|queue full|total request limit reached|" +
		"not ready for inference|insufficient system resource|insufficient_system_resource|overwhelmed|high volume|too much traffic|limited capacity|no available instance|no instances available|load shedding|no available slot|no slot available|" +
		loadChinese + "|" + loadElsewhere
	loadChinese = "负载已饱和|负载过高|负载较高|负载过大|負載已|負載過|访问量过大|访问人数过多|服务器繁忙|服务器忙|服务繁忙|服务忙|系统繁忙|系统忙|模型繁忙|" +
		"资源紧张|算力不足|算力紧张|排队|过载|超载|過載|高峰期|使用高峰|容量不足|拥堵|拥挤|负荷过|流量过大|请求量过大|人数过多|人数较多|压力过大|容量已满|队列已满"
	loadElsewhere = "混雑して|混み合って|過負荷|überlastet|überlastung|ausgelastet|sobrecargad|sobrecarregad|surchargé|saturé|перегружен|과부하|혼잡|" +
		"sovraccaric|quá tải|aşırı yük|kelebihan beban"
	// loadWeak counts only where the code says nothing.
	loadWeak = "overloaded|resource unavailable|busy, please|busy now|繁忙"
)

// A caller's allowance that fills again by itself.
const (
	rateText = "rate limit|rate-limit|rate_limit|ratelimit|rate limited|rate-limited|too many requests|too many tokens, please wait|too many concurrent|" +
		"concurren*limit|limit*concurren|max*concurren|requests per minute|tokens per minute|requests per day|tokens per day|requests per second|" +
		"queries per|per minute limit|max rpm|max tpm|tpm limit|rpm limit|qps|request limit reached|requests limit|request limit exceeded|have been limited|throttl|" +
		"usage limit*reached|usage limit has been|reached*usage limit|usage limit exceeded|hour usage limit|daily quota|hourly limit|daily limit|weekly limit|" +
		"per_minute|perminute|slow down|today's quota|quota*today|try again tomorrow|please wait*before|calls / minute|requests/min|" +
		rateChinese + "|" + rateElsewhere
	rateChinese = "速率限制|速率限|限速|限流|限频|请求频率|调用频率|访问频率|频率限制|频率过|频率超|頻率過|频繁|頻繁|并发数|并发限|并发超|并发请求|最大并发|" +
		"請求過多|请求过多|请求太多|总请求数|请求次数|次数*限制|次数*限额|今日*次数|每日*上限|每分钟*上限|次数*上限|使用上限|流量限制|调用量*上限|触发*限制"
	rateElsewhere = "レート制限|リクエストが多|リクエスト数|利用制限|回数制限|zu viele anfragen|ratenbegrenzung|anfragelimit|ratenlimit|demasiadas solicitudes|demasiadas peticiones|" +
		"límite de solicitudes|límite de velocidad|límite de peticiones|trop de requêtes|limite de débit|limite de requ|limite de taxa|muitas solicitações|muitas requisições|слишком много запросов|лимит запросов|превышен лимит|" +
		"요청이 너무|요청 한도|요청 제한|troppe richieste|quá nhiều yêu cầu|çok fazla istek|terlalu banyak permintaan"
	// rateLoud are those that tell of a limit even where a 5xx blames the service.
	rateLoud = "rate limit reached for|rate limit exceeded|ratelimiterror|rate limited|rate-limited|限速|限流|请求过于频繁|速率限制|qpsoverflow|レート制限|accounts are currently limited|account is currently limited"
)

// Too large for the model or the limit; tooLargeLoud is believed also of a 500.
const (
	tooLargeLoud = "request too large|maximum context length|context_length_exceeded|contextwindowexceeded|context window exceeded|available context size|" +
		"exceeds the context|exceed*context window|context length exceeded|prompt is too long|input is too long|上下文长度|上下文*超"
	tooLarge = tooLargeLoud + "|context window|context length|context size|body too large|too large for|too long for|reduce the length|reduce your message size|" +
		"exceeded model token limit|input length|input too long|max_tokens*exceed|输入过长|超出*最大|超过*最大长度|コンテキスト長|maximum number of tokens|max_tokens must"
)

// Time ran out somewhere behind the answer.
const outOfTime = "timed out|timing out|timeout|time out|time-out|deadline exceeded|deadline expired|did not respond in time|took too long|" +
	"超时|逾時|タイムアウト|zeitüberschreitung|tiempo de espera|délai d'attente|délai dépassé|tempo limite|время ожидания|시간 초과"
