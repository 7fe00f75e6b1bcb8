# Published values with known standard errors: places, years and the rest, by REML.
# R 4.2.2, metafor 3.8-1, nlme 3.1-162. Run in this folder: Rscript published.R
suppressMessages({library(metafor); library(nlme)})
options(digits = 15)
set.seed(20121120)
d <- expand.grid(place = sprintf("p%02d", 1:25), year = 2015:2020)
d <- d[runif(nrow(d)) < .8, ]
d$se <- round(runif(nrow(d), .8, 4), 3)
u <- rnorm(25, 0, 4)
d$value <- round(65 + .6 * (d$year - 2015) + u[as.integer(d$place)] + rnorm(nrow(d), 0, 1.5) +
  rnorm(nrow(d), 0, d$se), 3)
d$id <- seq_len(nrow(d))
write <- function(x, file) write.csv(format(x, digits = 15, trim = TRUE), file, row.names = FALSE, quote = FALSE)
write.csv(d[c("place", "year", "value", "se")], "published_input.csv", row.names = FALSE, quote = FALSE)
fit <- rma.mv(value, se^2, mods = ~ factor(year) - 1, random = list(~ 1 | place, ~ 1 | id), data = d,
  method = "REML", control = list(optimizer = "nlminb", rel.tol = 1e-11, iter.max = 1000, eval.max = 2000))
blup <- ranef(fit)
shrunken <- as.numeric(fitted(fit)) + blup$place[as.character(d$place), "intrcpt"] + blup$id[as.character(d$id), "intrcpt"]
write(data.frame(shrunken = shrunken), "published_shrunken.csv")
d$pf <- d$place
lme1 <- lme(value ~ factor(year) - 1, random = list(place = ~ 1, id = ~ 1), weights = varFixed(~ I(se^2)),
  data = d, method = "REML", control = lmeControl(sigma = 1, tolerance = 1e-12, msTol = 1e-14, maxIter = 500, msMaxIter = 500))
vc <- suppressWarnings(as.numeric(VarCorr(lme1)[, "Variance"]))
vc <- vc[!is.na(vc)]
write(rbind(
  data.frame(by = "metafor", name = c(paste0("year", 2015:2020), paste0("se", 2015:2020), "place", "rest", "loglike"),
    value = c(coef(fit), fit$se, fit$sigma2, as.numeric(logLik(fit)))),
  data.frame(by = "nlme", name = c(paste0("year", 2015:2020), paste0("se", 2015:2020), "place", "rest"),
    value = c(fixef(lme1), sqrt(diag(vcov(lme1))), vc[1], vc[2]))
), "published.csv")
