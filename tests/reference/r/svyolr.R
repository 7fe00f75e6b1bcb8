# Weighted cumulative link models of schools, with covariates and finite populations.
# R 4.2.2, survey 4.1-1. Run in this folder. "default" is svyolr as it comes; "tight" stops optim() at
# 1e-16 (1e-8 by default) and differences its Hessian by 1e-5 (1e-3 by default).
suppressMessages(library(survey))
data(api)
kept <- c("stype", "dnum", "pw", "fpc", "ell", "mobility", "meals")
schools <- rbind(
  cbind(design = "strata", apistrat[, kept]), cbind(design = "clusters", apiclus1[, kept])
)
schools$grade <- as.integer(cut(schools$meals, c(0, 25, 50, 75, 100), include.lowest = TRUE))
write.csv(subset(schools, select = -meals), "svyolr_input.csv", row.names = FALSE)
schools$y <- factor(schools$grade, ordered = TRUE)
strat <- subset(schools, design == "strata")
clus <- subset(schools, design == "clusters")
designs <- list(
  strata = svydesign(id = ~1, strata = ~stype, weights = ~pw, data = strat),
  strata_fpc = svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = strat),
  clusters = svydesign(id = ~dnum, weights = ~pw, data = clus),
  clusters_fpc = svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = clus)
)
models <- list(
  main = list(y ~ ell + mobility + stype, "logistic"),
  product = list(y ~ ell + stype * mobility, "logistic"),
  probit = list(y ~ log(ell + 1) + stype, "probit")
)
controls <- list(
  default = function(k) list(),
  tight = function(k) list(reltol = 1e-16, maxit = 2000, ndeps = rep(1e-5, k))
)
out <- NULL
for (d in names(designs)) for (m in names(models)) for (stop in names(controls)) {
  size <- ncol(model.matrix(models[[m]][[1]], designs[[d]]$variables)) - 1 + 3
  fit <- svyolr(
    models[[m]][[1]], designs[[d]], method = models[[m]][[2]], control = controls[[stop]](size)
  )
  estimate <- c(fit$coefficients, fit$zeta)
  out <- rbind(out, data.frame(
    design = d, model = m, stop = stop, term = names(estimate),
    estimate = sprintf("%.15g", estimate), se = sprintf("%.15g", sqrt(diag(vcov(fit))))
  ))
}
write.csv(out, "svyolr.csv", row.names = FALSE, quote = FALSE)
