# Cumulative link models, and their standard errors under the survey's design.
# R 4.2.2, ordinal 2022.11-16, survey 4.1-1, numDeriv. Run in this folder after input.R.
suppressMessages({library(ordinal); library(survey); library(numDeriv)})
options(survey.lonely.psu = "adjust")
d <- read.csv("input.csv")
d <- d[!is.na(d$answer), ]
for (v in c("agency", "year", "activity", "group")) d[[v]] <- factor(d[[v]])
d$y <- factor(d$answer, ordered = TRUE)
tight <- clm.control(gradTol = 1e-11, maxIter = 200L)
table_of <- function(model, fit, se = sqrt(diag(vcov(fit)))) data.frame(
  model = model, term = names(coef(fit)), estimate = as.numeric(coef(fit)), se = as.numeric(se),
  loglike = as.numeric(logLik(fit)), aic = AIC(fit), bic = BIC(fit)
)
main <- y ~ agency + year + activity + group
out <- rbind(
  table_of("logit", clm(main, data = d, control = tight)),
  table_of("probit", clm(main, data = d, link = "probit", control = tight)),
  table_of("interaction", clm(y ~ agency * activity + group, data = d, control = tight)),
  table_of("none", clm(y ~ 1, data = d, control = tight))
)
# Weights scaled within agency and year to the effective size.
cell <- paste(d$agency, d$year)
d$scaled <- d$weight * ave(d$weight, cell, FUN = sum) / ave(d$weight^2, cell, FUN = sum)
fit <- suppressWarnings(clm(main, data = d, weights = scaled, control = tight))
x <- model.matrix(main, d)[, -1]
one <- function(b, i) {
  theta <- c(-Inf, b[1:4], Inf)
  eta <- sum(x[i, ] * b[-(1:4)])
  log(plogis(theta[d$answer[i] + 1] - eta) - plogis(theta[d$answer[i]] - eta))
}
scores <- t(sapply(seq_len(nrow(d)), function(i) grad(one, coef(fit), i = i)))
influence <- (scores * d$scaled) %*% solve(fit$Hessian)
errors <- function(des) {
  inside <- svydesign(ids = des$ids, strata = des$strata, weights = ~scaled, data = d, nest = TRUE)
  sqrt(diag(svyrecvar(influence, inside$cluster, inside$strata, inside$fpc, inside$postStrata)))
}
out <- rbind(
  out,
  table_of("weighted", fit, errors(list(ids = ~1, strata = NULL))),
  table_of("weighted_strata", fit, errors(list(ids = ~1, strata = ~stratum))),
  table_of("weighted_psu", fit, errors(list(ids = ~psu, strata = ~stratum)))
)
write.csv(out, "ordinal.csv", row.names = FALSE)
