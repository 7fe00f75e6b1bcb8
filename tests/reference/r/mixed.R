# A linear mixed model of agency means, as for published values.
# R 4.2.2, lme4 1.1-31. Run in this folder after input.R: Rscript mixed.R
suppressMessages(library(lme4))
d <- read.csv("input.csv")
d <- aggregate(answer ~ agency + activity + year, d, mean)
d$place <- paste(d$agency, d$activity)
d$value <- round(25 * (d$answer - 1), 1)
d <- d[!(d$agency == "F" & d$year == 2012), c("place", "year", "value")]
write.csv(d, "mixed_input.csv", row.names = FALSE)
fit <- lmer(value ~ 0 + factor(year) + (1 | place), d, control = lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = 1e-3, rhoend = 1e-12, maxfun = 10000)
))
v <- as.data.frame(VarCorr(fit))$sdcor
out <- data.frame(
  name = c(paste0("year", 2010:2012), "sd_place", "sd_rest", "loglike"),
  estimate = c(fixef(fit), v, as.numeric(logLik(fit))), se = c(sqrt(diag(vcov(fit))), NA, NA, NA)
)
write.csv(out, "mixed.csv", row.names = FALSE)
