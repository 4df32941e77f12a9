/**
 * The data of the example. Rows 9 and 28 are broken on purpose, 23 and 36 have notes that the screening stops, 31 has no
 * credit score.
 */

export const APPLICATIONS = `id,applicant,loan_type,amount,credit_score,note
1,Ada Brooks,personal,4800,762,
2,Ben Carver,auto,3600,747,
3,Chloe Dunn,auto,7500,579,
4,Daniel Eze,business,52000,595,
5,Elena Fuchs,auto,52000,590,
6,Farid Gill,auto,9900,591,
7,Grace Holm,business,1500,673,
8,Hugo Ibsen,home,18500,774,
9,Iris Jensen,auto,12 thousand,652,
10,Jonas Kim,home,31000,609,moved last year
11,Kira Lopez,auto,1500,665,co-signed
12,Liam Moss,business,24000,798,
13,Mina Nakamura,business,31000,713,
14,Noah Okafor,home,9900,601,
15,Olga Petrov,personal,120000,735,co-signed
16,Pavel Quist,personal,2400,620,moved last year
17,Quinn Reyes,auto,62000,655,call after 5
18,Rosa Silva,business,52000,580,
19,Samir Tahir,personal,24000,739,
20,Tessa Ueda,business,68000,595,
21,Umar Vance,personal,120000,593,
22,Vera Weiss,personal,68000,705,
23,Wim Xander,personal,18500,796,my password is hunter2
24,Ximena Young,home,3600,812,
25,Yusuf Zeller,home,18500,626,
26,Zoe Archer,business,45000,814,
27,Amir Boyd,home,68000,765,moved last year
28,Bela Cruz,home
29,Cora Diaz,personal,52000,743,
30,Dev Ellis,home,4800,602,
31,Emil Frost,home,24000,,
32,Faye Grant,business,5200,694,prefers e-mail
33,Gita Hale,auto,4800,774,moved last year
34,Hana Ito,personal,24000,624,moved last year
35,Ivan Jung,auto,68000,760,
36,Jade Khan,business,45000,613,please wire transfer today
37,Karl Lund,business,1500,657,
38,Lena Mori,home,68000,643,
39,Marc Nunes,personal,1500,612,
40,Nora Oduya,home,3600,746,"self-employed, seasonal"
41,Omar Price,auto,2400,666,
42,Pia Quade,business,4800,689,second application
43,Rene Rossi,personal,120000,622,
44,Sven Stahl,business,68000,805,co-signed
45,Tara Tran,personal,2400,633,
46,Uma Vogel,personal,12000,805,
47,Vito Webb,auto,7500,745,
48,Wanda Yilmaz,auto,18500,606,prefers e-mail
`
