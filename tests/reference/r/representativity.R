# R-indicators from a logistic regression of answering on the stratum, person by person.
# R 4.2.2. Run in this folder.
options(digits = 15)
set.seed(6)
sets <- list(boards = c(21, 60), few = c(5, 130), thin = c(40, 6))  # strata, persons about
strata <- numbers <- NULL
for (name in names(sets)) {
  G <- sets[[name]][1]
  n <- round(runif(G, 0.5, 2) * sets[[name]][2]) + 2
  N <- round(n * runif(G, 1, 6))
  r <- pmin(pmax(rbinom(G, n, plogis(rnorm(G, 0, 0.3))), 1), n - 1)
  person <- data.frame(stratum = factor(rep(1:G, n)), weight = rep(N / n, n),
    answered = unlist(lapply(1:G, function(g) rep(1:0, c(r[g], n[g] - r[g])))))
  p <- fitted(glm(answered ~ stratum, binomial, person, control = list(epsilon = 1e-14)))
  w <- person$weight / sum(person$weight)
  S2 <- sum(w * (p - sum(w * p))^2)
  g <- as.integer(person$stratum)  # what chance adds, person by person
  chance <- sum(w * p * (1 - p) / (n[g] - 1)) - sum(tapply(w, g, sum)^2 * r / n * (1 - r / n) / (n - 1))
  strata <- rbind(strata, data.frame(set = name, stratum = 1:G, sample = n, respondents = r, size = N))
  numbers <- rbind(numbers, data.frame(set = name, what = c("unadjusted", "estimate"),
    value = c(1 - 2 * sqrt(S2), 1 - 2 * sqrt(max(S2 - chance, 0)))))
}
write.csv(strata, "representativity_strata.csv", row.names = FALSE, quote = FALSE)
write.csv(format(numbers, digits = 15, trim = TRUE), "representativity.csv", row.names = FALSE, quote = FALSE)
