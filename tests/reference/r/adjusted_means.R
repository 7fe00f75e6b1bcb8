# Means of agencies at the observed mix of activities: svyglm under two designs.
# R 4.2.2, survey 4.1-1. Run in this folder after input.R.
suppressMessages(library(survey))
options(digits = 15, survey.lonely.psu = "adjust")
d <- read.csv("input.csv")
d$score <- 25 * (d$answer - 1)
designs <- list(
  strata = svydesign(ids = ~1, strata = ~stratum, weights = ~weight, data = d),
  psu = svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = d, nest = TRUE)
)
given <- d[!is.na(d$score), ]
mix <- tapply(given$weight, given$activity, sum) / sum(given$weight)
means <- covariances <- NULL
for (name in names(designs)) for (adjusted in c(TRUE, FALSE)) {
  f <- if (adjusted) svyglm(score ~ 0 + agency + activity, designs[[name]]) else svyglm(score ~ 0 + agency, designs[[name]])
  L <- diag(6)
  if (adjusted) L <- cbind(L, matrix(rep(mix[sub("activity", "", names(coef(f))[-(1:6)])], each = 6), 6))
  V <- L %*% vcov(f) %*% t(L)
  means <- rbind(means, data.frame(design = name, adjusted = adjusted, agency = LETTERS[1:6],
    estimate = c(L %*% coef(f)), se = sqrt(diag(V)), with_first = V[, 1]))
}
write.csv(format(means, digits = 15, trim = TRUE), "adjusted_means.csv", row.names = FALSE, quote = FALSE)
